import {readClock} from '../data/clock.js'
import type {Store} from '../data/store.js'
import type {WorkerLoad, WorkerResources, WorkerStatus} from '../workers/worker.js'
import {listWorkers} from '../workers/worker-store.js'
import {countRunning} from '../workers/worker-view.js'
import {Pace} from './pace.js'
import {countTasks, type TaskCounts} from './watch-tasks.js'

/** A worker as a watch shows it. Times are ISO 8601 in UTC. */
export interface WatchedWorker {
  name: string
  status: WorkerStatus
  status_reason: string | null
  slots: number
  running: number
  resources: Pick<WorkerResources, 'cpus' | 'memory_bytes' | 'gpus'>
  load: WorkerLoad
  last_heartbeat: string | null
  /** When its load was read. */
  checked_at: string | null
}

/** What a look at the workers has found. */
export interface WorkerSnapshot {
  workers: WatchedWorker[]
  tasks: TaskCounts
  /** The store's clock, which the times of the workers are of; milliseconds since 1970. */
  now: number
  /** Milliseconds to wait before the next look. */
  pauseMs: number
}

/** Looks at the workers that this machine can see, again and again. */
export class WorkerWatch {
  readonly #store: Store
  readonly #hostId: string
  readonly #pace = new Pace()

  constructor(store: Store, hostId: string) {
    this.#store = store
    this.#hostId = hostId
  }

  /** One look. */
  look(): Promise<WorkerSnapshot> {
    return this.#pace.time(async () => {
      const running = await countRunning(this.#store)
      const workers = (await listWorkers(this.#store, this.#hostId)).map(
        ({id, name, status, status_reason, slots, resources: {cpus, memory_bytes, gpus}, load, last_heartbeat, checked_at}): WatchedWorker => ({
          name,
          status,
          status_reason,
          slots,
          running: running.get(id) ?? 0,
          resources: {...(cpus !== undefined && {cpus}), ...(memory_bytes !== undefined && {memory_bytes}), ...(gpus !== undefined && {gpus})},
          load,
          last_heartbeat,
          checked_at,
        }),
      )
      return {workers, tasks: await countTasks(this.#store, {}), now: await readClock(this.#store)}
    })
  }
}

/** Which workers have come, have gone or are in another state, with another reason, than before. */
export function changedWorkers(before: readonly WatchedWorker[], after: readonly WatchedWorker[]): {changed: WatchedWorker[]; removed: WatchedWorker[]} {
  const known = new Map(before.map((worker) => [worker.name, worker]))
  const left = new Set(after.map((worker) => worker.name))
  const isChanged = (worker: WatchedWorker) => {
    const earlier = known.get(worker.name)
    return earlier?.status !== worker.status || earlier.status_reason !== worker.status_reason
  }
  return {changed: after.filter(isChanged), removed: before.filter((worker) => !left.has(worker.name))}
}
