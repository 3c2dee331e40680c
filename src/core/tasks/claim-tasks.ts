import type {Store} from '../data/store.js'
import type {WorkerRow} from '../workers/worker.js'
import {type BoundTask, bindOnPostgres} from './bind-on-postgres.js'
import {bindOnSqlite} from './bind-on-sqlite.js'
import {choosePlacements, type PlacedClass} from './placement.js'
import {PoolView} from './pool-view.js'
import {type ClaimScope, readReadyClasses} from './ready-classes.js'
import type {RunningTask} from './task.js'
import {readTaskRow} from './task-rows.js'

export interface ClaimOptions {
  coordinatorId: string
  scope: ClaimScope
  hostId: string
  /** The workers to place on, asked for when there are tasks; slots are enforced here and now. The same array again is cheaper than a new one. */
  workers: () => Promise<readonly WorkerRow[]>
  /** At most so many tasks in all. */
  limit: number
  /** At most so many running tasks a worker, for this claim's scope. */
  maxPerWorker?: number | undefined
}

/** A task that this coordinator now owns, and where it will run. */
export interface ClaimedTask {
  task: RunningTask
  worker: WorkerRow
}

// Others may take the room, or the tasks, that a claim has chosen; then it looks again.
const TRIES = 5

/** Claims tasks, one claim at a time. It remembers how busy workers were: whoever claims again and again keeps it. */
export class TaskClaims {
  readonly #store: Store
  #view: PoolView

  constructor(store: Store) {
    this.#store = store
    this.#view = new PoolView(store)
  }

  /**
   * Takes pending tasks and binds each to a worker with room for it; no other coordinator gets the same task, and no worker gets
   * more tasks than it has slots. Durable once it resolves. There may be more to claim afterwards, even where it stays below `limit`.
   */
  async claim(options: ClaimOptions): Promise<ClaimedTask[]> {
    if (options.limit < 1) return []
    try {
      for (let attempt = 1, hasLooked = false; attempt <= TRIES; attempt++) {
        const classes = await readReadyClasses(this.#store, options)
        const workers = classes.length > 0 ? await options.workers() : []
        if (workers.length === 0) return []
        await this.#view.prepare(workers)
        const placed = choosePlacements(classes, this.#view.eligibleRooms(workers, options.maxPerWorker), this.#view.shares, options.limit)
        const claimed = await this.#bind(options, placed)
        if (claimed.length > 0 || (placed.length === 0 && hasLooked)) return claimed
        hasLooked = await this.#view.lookAgain(workers)
        if (!hasLooked) return []
      }
      return []
    } catch (error) {
      // What was placed was perhaps not claimed.
      this.#view = new PoolView(this.#store)
      throw error
    }
  }

  /** Tells it that tasks have ended on these workers, so that it looks for room there. */
  noteEnds(workerIds: Iterable<string>): void {
    this.#view.touch(workerIds)
  }

  async #bind(options: ClaimOptions, placed: readonly PlacedClass[]): Promise<ClaimedTask[]> {
    if (placed.length === 0) return []
    const [store, view] = [this.#store, this.#view]
    const bind = store.dialect === 'postgres' ? bindOnPostgres : bindOnSqlite
    const bound = await bind(store, options, placed, (id) => view.endedOf(id))
    const taken = new Set(bound.map((task) => `${task.nth} ${task.placement_key}`))
    view.settle(placed, (key, nth) => taken.has(`${nth} ${key}`))
    return readClaimed(store, placed, bound)
  }
}

function readClaimed(store: Store, placed: readonly PlacedClass[], bound: readonly BoundTask[]): ClaimedTask[] {
  const roomsOf = new Map(placed.map(({ready, rooms}) => [ready.key, rooms]))
  const claimed = bound.flatMap((row) => {
    const worker = roomsOf.get(row.placement_key)?.[row.nth]?.worker
    return worker ? [{task: readTaskRow<RunningTask>(store.sql, row), worker}] : []
  })
  return claimed.sort((a, b) => b.task.priority - a.task.priority || a.task.seq - b.task.seq)
}
