import type {Store} from '../data/store.js'
import type {WorkerRow} from '../workers/worker.js'
import {type BoundTask, bindOnPostgres} from './bind-on-postgres.js'
import {bindOnSqlite} from './bind-on-sqlite.js'
import {choosePlacements, type Placements} from './placement.js'
import {forgetPoolView, type PoolView, poolViewOf} from './pool-view.js'
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

/**
 * Takes pending tasks and binds each to a worker with room for it; no other coordinator gets the same task, and no worker gets
 * more tasks than it has slots. Durable once it resolves. There may be more to claim afterwards, even where it stays below `limit`.
 */
export async function claimTasks(store: Store, options: ClaimOptions): Promise<ClaimedTask[]> {
  if (options.workers.length === 0 || options.limit < 1) return []
  try {
    const view = poolViewOf(store)
    await view.prepare(options.workers)
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const {claimed, again} = await tryToClaim(store, view, options)
      if (claimed.length > 0 || !again) return claimed
    }
    return []
  } catch (error) {
    forgetPoolView(store)
    throw error
  }
}

async function tryToClaim(store: Store, view: PoolView, options: ClaimOptions): Promise<{claimed: ClaimedTask[]; again: boolean}> {
  const {workers, limit, maxPerWorker} = options
  const classes = await readReadyClasses(store, options)
  if (classes.length === 0) return {claimed: [], again: false}
  const end = view.begin()
  const placements = choosePlacements(classes, view.eligibleRooms(workers, maxPerWorker), view.shares, limit)
  if (placements.classes.length === 0) {
    // Where something has ended, here or elsewhere, there may be room by now.
    const again = placements.short && ((await view.readTouched()) || (await view.readAgain(workers)))
    return {claimed: [], again}
  }
  const bind = store.dialect === 'postgres' ? bindOnPostgres : bindOnSqlite
  const {bound, refused} = await bind(store, options, placements.classes, (id) => view.endedOf(id))
  const claimed = readClaimed(store, placements, bound)
  const taken = new Set(bound.map(({key, nth}) => `${nth} ${key}`))
  end(placements.classes, (key, nth) => taken.has(`${nth} ${key}`))
  if (bound.length === 0) return {claimed, again: refused && (await view.readAgain(workers))}
  await store.flush()
  return {claimed, again: false}
}

function readClaimed(store: Store, {classes}: Placements, bound: readonly BoundTask[]): ClaimedTask[] {
  const placed = new Map(classes.map(({ready, rooms}) => [ready.key, rooms]))
  const claimed = bound.flatMap(({row, key, nth}) => {
    const worker = placed.get(key)?.[nth]?.worker
    return worker ? [{task: readTaskRow(store.sql, row), worker}] : []
  })
  return claimed.sort((a, b) => b.task.priority - a.task.priority || a.task.seq - b.task.seq)
}
