import type {Knex} from 'knex'
import {NO_INDEX_ON_STATUS, query, type Row} from '../data/sql.js'
import type {Store} from '../data/store.js'
import type {WorkerRow} from '../workers/worker.js'
import {choosePlacements} from './placement.js'
import type {Requirements, TaskRow} from './task.js'
import {readTaskRow} from './task-rows.js'

/** Which pending tasks a coordinator may take: those it submitted itself, or those that no living foreground submitted. */
type ClaimScope = 'own' | 'unowned'

export interface ClaimOptions {
  coordinatorId: string
  scope: ClaimScope
  hostId: string
  /** The workers to place on, as the caller last saw them; slots are enforced here and now. */
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

interface Candidate {
  id: string
  seq: number
  priority: number
}

/**
 * Takes pending tasks and binds each to a worker with room for it, in one transaction; no other coordinator gets the
 * same task, and no worker gets more tasks than it has slots.
 */
export function claimTasks(store: Store, options: ClaimOptions): Promise<ClaimedTask[]> {
  if (options.workers.length === 0 || options.limit < 1) return Promise.resolve([])
  return store.write(async (trx) => {
    const classes = await listPlacementClasses(trx, store, options)
    if (classes.length === 0) return []
    const load = await readLoad(trx, store, options.workers)
    // Ordered by all columns of the index: PostgreSQL does not see that a column which IS NULL is the same in all rows, and would sort them all.
    const candidates: (Candidate & {requirements: Requirements})[] = []
    for (const {placement_key, requirements} of classes) {
      const heads = await query<Candidate>(
        trx,
        `SELECT id, seq, priority FROM tasks
         WHERE status = 'pending' AND blocked_by = 0 AND ${scopeCondition(options.scope)} AND placement_key = ? AND available_at <= ${store.sql.now}
         ORDER BY submitter_id, placement_key, priority DESC, seq LIMIT ? ${store.sql.forUpdateSkipLocked}`,
        [...scopeBindings(options), placement_key, options.limit],
      )
      candidates.push(...heads.map((head) => ({...head, requirements})))
    }
    candidates.sort((a, b) => b.priority - a.priority || a.seq - b.seq)
    const placed = choosePlacements(candidates, options.workers, load, options)
    if (placed.length === 0) return []
    return bindTasks(trx, store, options, placed)
  })
}

/** The distinct requirements among the tasks that could run now: a hop from key to key in the index, not a scan. */
async function listPlacementClasses(trx: Knex, store: Store, options: ClaimOptions): Promise<{placement_key: string; requirements: Requirements}[]> {
  const ready = `status = 'pending' AND blocked_by = 0 AND ${scopeCondition(options.scope)}`
  const bindings = scopeBindings(options)
  const rows = await query<{placement_key: string; requirements: unknown}>(
    trx,
    `WITH RECURSIVE keys(placement_key) AS (
       SELECT * FROM (SELECT placement_key FROM tasks WHERE ${ready} ORDER BY submitter_id, placement_key LIMIT 1) AS first
       UNION ALL
       SELECT (SELECT placement_key FROM tasks WHERE ${ready} AND placement_key > keys.placement_key ORDER BY submitter_id, placement_key LIMIT 1)
       FROM keys WHERE keys.placement_key IS NOT NULL
     )
     SELECT keys.placement_key,
       (SELECT requirements FROM tasks WHERE ${ready} AND placement_key = keys.placement_key LIMIT 1) AS requirements
     FROM keys WHERE keys.placement_key IS NOT NULL`,
    [...bindings, ...bindings, ...bindings],
  )
  return rows
    .map((row) => ({placement_key: row.placement_key, requirements: store.sql.json<Requirements>(row.requirements)}))
    .filter(({requirements}) => requirements.host_id === undefined || requirements.host_id === options.hostId)
}

function scopeCondition(scope: ClaimScope): string {
  return scope === 'own' ? 'submitter_id = ?' : 'submitter_id IS NULL'
}

function scopeBindings(options: ClaimOptions): Knex.RawBinding[] {
  return options.scope === 'own' ? [options.coordinatorId] : []
}

/** What is running on each worker. Locks the workers' rows, so that two coordinators do not both see the last free slot. */
async function readLoad(trx: Knex, store: Store, workers: readonly WorkerRow[]): Promise<Map<string, Requirements[]>> {
  const ids = workers.map((worker) => worker.id)
  const marks = ids.map(() => '?').join(', ')
  if (store.sql.forUpdate) await query(trx, `SELECT id FROM workers WHERE id IN (${marks}) ORDER BY id ${store.sql.forUpdate}`, ids)
  const rows = await query<{worker_id: string; requirements: unknown}>(
    trx,
    `SELECT worker_id, requirements FROM tasks WHERE status = 'running' AND worker_id IN (${marks})`,
    ids,
  )
  const load = new Map<string, Requirements[]>()
  for (const row of rows) {
    const running = load.get(row.worker_id) ?? []
    running.push(store.sql.json(row.requirements))
    load.set(row.worker_id, running)
  }
  return load
}

async function bindTasks(trx: Knex, store: Store, options: ClaimOptions, placed: readonly {id: string; worker: WorkerRow}[]): Promise<ClaimedTask[]> {
  const workers = new Map(placed.map(({id, worker}) => [id, worker]))
  const binding = JSON.stringify(placed.map(({id, worker}) => ({id, worker_id: worker.id, worker_name: worker.name})))
  const rows = await query<Row>(
    trx,
    `UPDATE tasks SET status = 'running', worker_id = j.worker_id, coordinator_id = ?, attempt = attempt + 1,
       started_at = ${store.sql.now}, error_message = NULL, failure_kind = NULL, exit_code = NULL, signal = NULL
     FROM ${store.sql.rows({id: 'uuid', worker_id: 'uuid'})} WHERE tasks.id = j.id AND ${NO_INDEX_ON_STATUS} = 'pending' RETURNING *`,
    [options.coordinatorId, binding],
  )
  const claimed = rows.flatMap((row) => {
    const task = readTaskRow(store.sql, row)
    const worker = workers.get(task.id)
    return worker ? [{task, worker}] : []
  })
  await query(
    trx,
    `INSERT INTO task_attempts (task_id, attempt, worker_id, worker_name, coordinator_id, status)
     SELECT task_id, attempt, worker_id, worker_name, coordinator_id, 'running'
     FROM ${store.sql.rows({task_id: 'uuid', attempt: 'integer', worker_id: 'uuid', worker_name: 'text', coordinator_id: 'uuid'})}`,
    [
      JSON.stringify(
        claimed.map(({task, worker}) => ({
          task_id: task.id,
          attempt: task.attempt,
          worker_id: worker.id,
          worker_name: worker.name,
          coordinator_id: options.coordinatorId,
        })),
      ),
    ],
  )
  return claimed.sort((a, b) => b.task.priority - a.task.priority || a.task.seq - b.task.seq)
}
