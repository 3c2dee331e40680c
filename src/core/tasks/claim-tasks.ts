import type {Store} from '../data/store.js'
import type {WorkerRow} from '../workers/worker.js'
import {type BoundTask, bindOnPostgres} from './bind-on-postgres.js'
import {bindOnSqlite} from './bind-on-sqlite.js'
import {choosePlacements, type PlacedClass} from './placement.js'
import {PoolView} from './pool-view.js'
import {type ClaimScope, readReadyClasses} from './ready-classes.js'
import type {TaskRow} from './task.js'
import {readTaskRow} from './task-rows.js'

export interface ClaimOptions {
  coordinatorId: string
  scope: ClaimScope
  hostId: string
  /** The workers to place on, as the caller last saw them; slots are enforced here and now. The same array again is cheaper than a new one. */
  workers: readonly WorkerRow[]
  /** At most so many tasks in all. */
  limit: number
  /** At most so many running tasks a worker, for this claim's scope. */
  maxPerWorker?: number | undefined
}

/** A task that this coordinator now owns, and where it will run. */
export interface ClaimedTask {
  task: TaskRow
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
    if (options.workers.length === 0 || options.limit < 1) return []
    try {
      await this.#view.prepare(options.workers)
      for (let attempt = 1, hasLooked = false; attempt <= TRIES; attempt++) {
        const {outcome, claimed} = await this.#tryToClaim(options)
        if (outcome === 'claimed' || outcome === 'no tasks' || (outcome === 'no room' && hasLooked)) return claimed
        hasLooked = await this.#view.lookAgain(options.workers)
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

  async #tryToClaim(options: ClaimOptions): Promise<{outcome: 'claimed' | 'no tasks' | 'no room' | 'refused'; claimed: ClaimedTask[]}> {
    const {workers, limit, maxPerWorker} = options
    const [store, view] = [this.#store, this.#view]
    const classes = await readReadyClasses(store, options)
    if (classes.length === 0) return {outcome: 'no tasks', claimed: []}
    const placed = choosePlacements(classes, view.eligibleRooms(workers, maxPerWorker), view.shares, limit)
    if (placed.length === 0) return {outcome: 'no room', claimed: []}
    const bind = store.dialect === 'postgres' ? bindOnPostgres : bindOnSqlite
    const bound = await bind(store, options, placed, (id) => view.endedOf(id))
    const taken = new Set(bound.map(({key, nth}) => `${nth} ${key}`))
    view.settle(placed, (key, nth) => taken.has(`${nth} ${key}`))
    return {outcome: bound.length > 0 ? 'claimed' : 'refused', claimed: readClaimed(store, placed, bound)}
  }
}

function readClaimed(store: Store, placed: readonly PlacedClass[], bound: readonly BoundTask[]): ClaimedTask[] {
  const roomsOf = new Map(placed.map(({ready, rooms}) => [ready.key, rooms]))
  const claimed = bound.flatMap(({row, key, nth}) => {
    const worker = roomsOf.get(key)?.[nth]?.worker
    return worker ? [{task: readTaskRow(store.sql, row), worker}] : []
  })
  return claimed.sort((a, b) => b.task.priority - a.task.priority || a.task.seq - b.task.seq)
}
