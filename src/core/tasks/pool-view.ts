import type {Store} from '../data/store.js'
import type {WorkerRow} from '../workers/worker.js'
import {isEligible, type PlacedClass, RESOURCES, type ReadyClass, type Room, roomOf, type Shares, take, type Usage, usageOf} from './placement.js'

// How old the loads may be that tasks are spread by. Whether there is room is checked anew with each claim.
const STALE_MS = 1000
const ENDED_STALE_MS = 100
// Keeping them fresh may take this share of the time, unless a task has found no room.
const REFRESH_SHARE = 0.02
// Looking at all workers again, in vain, may take this share of the time; one look that takes less than this does not count.
const SEARCH_SHARE = 0.1
const SHORT_LOOK_MS = 3

/** What is known of a worker's tasks. */
interface KnownLoad {
  used: Usage
  /** How much of all that was ever claimed on the worker had ended when it was read: by now it is that or more. */
  ended: Usage
  projects: Map<string, number>
}

/** The workers of one claim, as the view knows them. */
interface Pool {
  maxPerWorker: number | undefined
  rooms: Room[]
  /** The rooms that tasks of a class may go to, by the class's key. */
  eligible: Map<string, Room[]>
}

/**
 * The load of workers as this process last saw it, so that a claim need not read every running task. Its own claims are added,
 * and it is read again when it is old; where it lags behind, that costs balance and never goes beyond a worker's slots.
 */
export class PoolView {
  readonly #store: Store
  readonly #known = new Map<string, KnownLoad>()
  readonly #pools = new WeakMap<readonly WorkerRow[], Pool>()
  // Workers on which tasks that this process looked after have ended since they were last read.
  readonly #touched = new Set<string>()
  #readAt = Number.NEGATIVE_INFINITY
  #touchedReadAt = Number.NEGATIVE_INFINITY
  #readMs = 0

  /** What runs of each project, and which had its turn when: of this process's claims, which is whom its choice concerns. */
  readonly shares: Shares = {running: new Map(), turns: new Map()}

  constructor(store: Store) {
    this.#store = store
  }

  /** Makes sure that the loads of these workers are known and not too old. */
  async prepare(workers: readonly WorkerRow[]): Promise<void> {
    const now = performance.now()
    const unknown = !this.#pools.has(workers) && workers.some((worker) => !this.#known.has(worker.id))
    const leastPause = this.#readMs / REFRESH_SHARE
    if (unknown || now - this.#readAt > Math.max(STALE_MS, leastPause)) await this.#readAll(workers)
    else if (now - this.#touchedReadAt > Math.max(ENDED_STALE_MS, leastPause)) await this.#readTouched()
  }

  /** Looks for room again after a claim found none. False when there was nothing to read, or all was read a moment ago. */
  async lookAgain(workers: readonly WorkerRow[]): Promise<boolean> {
    if (await this.#readTouched()) return true
    if (this.#readMs > SHORT_LOOK_MS && performance.now() - this.#readAt < this.#readMs / SEARCH_SHARE) return false
    await this.#readAll(workers)
    return true
  }

  /** Tells it that tasks have ended on these workers. */
  touch(workerIds: Iterable<string>): void {
    for (const id of workerIds) if (this.#known.has(id)) this.#touched.add(id)
  }

  /** The rooms of these workers to which tasks of a class may go. */
  eligibleRooms(workers: readonly WorkerRow[], maxPerWorker: number | undefined): (ready: ReadyClass) => readonly Room[] {
    let pool = this.#pools.get(workers)
    if (pool?.maxPerWorker !== maxPerWorker || !pool) {
      pool = {maxPerWorker, rooms: workers.flatMap((worker) => this.#roomOf(worker, maxPerWorker)), eligible: new Map()}
      this.#pools.set(workers, pool)
    }
    const {rooms, eligible} = pool
    return (ready) => {
      let found = eligible.get(ready.key)
      if (!found) {
        found = rooms.filter(({worker}) => isEligible(ready.requirements, worker))
        eligible.set(ready.key, found)
      }
      return found
    }
  }

  /** How much of what was ever claimed on a worker has ended, at least. */
  endedOf(workerId: string): Usage {
    return this.#known.get(workerId)?.ended ?? nothing()
  }

  /** Keeps what was claimed of the tasks that `choosePlacements` has placed on its rooms, and takes the rest off them again. */
  settle(placed: readonly PlacedClass[], wasClaimed: (key: string, nth: number) => boolean): void {
    for (const {ready, rooms} of placed) {
      for (const [nth, room] of rooms.entries()) {
        const projects = this.#known.get(room.worker.id)?.projects
        if (wasClaimed(ready.key, nth)) projects?.set(ready.projectId, (projects.get(ready.projectId) ?? 0) + 1)
        else {
          take(room, usageOf(ready.requirements), -1)
          this.#share(ready.projectId, -1)
        }
      }
    }
  }

  #share(project: string, count: number): void {
    this.shares.running.set(project, (this.shares.running.get(project) ?? 0) + count)
  }

  #roomOf(worker: WorkerRow, maxPerWorker: number | undefined): Room[] {
    const known = this.#known.get(worker.id)
    return known ? [{...roomOf(worker, maxPerWorker), used: known.used}] : []
  }

  async #readTouched(): Promise<boolean> {
    const started = performance.now()
    this.#touchedReadAt = started
    if (this.#touched.size === 0) return false
    await this.#read([...this.#touched])
    this.#readMs = Math.max(this.#readMs, performance.now() - started)
    return true
  }

  async #readAll(workers: readonly WorkerRow[]): Promise<void> {
    const started = performance.now()
    await this.#read(workers.map((worker) => worker.id))
    this.#readAt = performance.now()
    this.#touchedReadAt = this.#readAt
    this.#readMs = this.#readAt - started
  }

  async #read(ids: readonly string[]): Promise<void> {
    // Before it is read: what ends meanwhile may not be in it.
    for (const id of ids) this.#touched.delete(id)
    let rows = await readLoads(this.#store, ids)
    const found = new Set(rows.map((row) => row.worker_id))
    const added = ids.filter((id) => !found.has(id))
    if (added.length > 0) {
      await this.#store.prepared(`INSERT INTO worker_claims (worker_id) SELECT id FROM workers WHERE id IN ${this.#store.sql.ids} ON CONFLICT DO NOTHING`, [
        JSON.stringify(added),
      ])
      rows = [...rows, ...(await readLoads(this.#store, added))]
    }
    for (const [id, load] of groupByWorker(rows)) this.#learn(id, load)
    this.shares.running.clear()
    for (const {projects} of this.#known.values()) for (const [project, count] of projects) this.#share(project, count)
  }

  #learn(id: string, {claimed, used, projects}: WorkerLoad): void {
    const ended = nothing()
    for (const resource of RESOURCES) ended[resource] = claimed[resource] - used[resource]
    const known = this.#known.get(id)
    if (!known) this.#known.set(id, {used, ended, projects})
    // The rooms that were made of it see the change.
    else {
      Object.assign(known.used, used)
      Object.assign(known, {ended, projects})
    }
  }
}

interface LoadRow {
  worker_id: string
  claimed_slots: number
  claimed_cpus: number
  claimed_memory_bytes: number
  claimed_gpus: number
  project_id: string | null
  slots: number
  cpus: number
  memory_bytes: number
  gpus: number
}

interface WorkerLoad {
  claimed: Usage
  used: Usage
  projects: Map<string, number>
}

/** What was ever claimed on each worker and what of it is running: in one statement, so that both are of the same moment. */
function readLoads(store: Store, ids: readonly string[]): Promise<LoadRow[]> {
  const sum = (name: string) => `sum(coalesce(CAST(t.requirements->>'${name}' AS double precision), 0)) AS ${name}`
  const claimed = RESOURCES.map((name) => `c.${name} AS claimed_${name}`).join(', ')
  return store.prepared<LoadRow>(
    `SELECT c.worker_id, ${claimed}, t.project_id, count(t.id) AS slots, ${sum('cpus')}, ${sum('memory_bytes')}, ${sum('gpus')}
     FROM worker_claims c LEFT JOIN tasks t ON t.worker_id = c.worker_id AND t.status = 'running'
     WHERE c.worker_id IN ${store.sql.ids} GROUP BY c.worker_id, t.project_id`,
    [JSON.stringify(ids)],
  )
}

function groupByWorker(rows: readonly LoadRow[]): Map<string, WorkerLoad> {
  const loads = new Map<string, WorkerLoad>()
  for (const row of rows) {
    let load = loads.get(row.worker_id)
    if (!load) {
      const claimed = {slots: row.claimed_slots, cpus: row.claimed_cpus, memory_bytes: row.claimed_memory_bytes, gpus: row.claimed_gpus}
      load = {claimed, used: nothing(), projects: new Map()}
      loads.set(row.worker_id, load)
    }
    if (row.project_id === null) continue
    for (const resource of RESOURCES) load.used[resource] += Number(row[resource])
    load.projects.set(row.project_id, Number(row.slots))
  }
  return loads
}

function nothing(): Usage {
  return {slots: 0, cpus: 0, memory_bytes: 0, gpus: 0}
}
