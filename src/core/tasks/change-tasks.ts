import {NO_INDEX_ON_STATUS, query} from '../data/sql.js'
import type {Store} from '../data/store.js'
import {announceWork} from '../data/wake-ups.js'
import {HelixError} from '../errors/helix-error.js'
import type {SettledTask} from './complete-attempts.js'
import {settleDependents} from './settle-dependents.js'
import type {TaskStatus} from './task.js'

/**
 * Asks for the end of tasks. Pending ones are cancelled at once, with what fails because of them; for running ones the
 * request is stored and takes effect when the worker has confirmed that nothing of the task is alive. Ended ones stay as they are.
 */
export function cancelTasks(store: Store, ids: readonly string[]): Promise<SettledTask[]> {
  if (ids.length === 0) return Promise.resolve([])
  return store.write(async (trx) => {
    const list = JSON.stringify(ids)
    // All of them first, which also keeps others from moving a task between the two states while it is being cancelled.
    await query(
      trx,
      `UPDATE tasks SET cancel_requested_at = coalesce(cancel_requested_at, ${store.sql.now}) WHERE id IN ${store.sql.ids} AND ${NO_INDEX_ON_STATUS} IN ('pending', 'running')`,
      [list],
    )
    const cancelled = await query<SettledTask>(
      trx,
      `UPDATE tasks SET status = 'cancelled', completed_at = ${store.sql.now} WHERE id IN ${store.sql.ids} AND ${NO_INDEX_ON_STATUS} = 'pending' RETURNING id, status`,
      [list],
    )
    await announceWork(trx, store)
    const dependents = await settleDependents(
      trx,
      store,
      cancelled.map((task) => task.id),
    )
    return [...cancelled, ...dependents]
  })
}

/**
 * Puts tasks that failed or were cancelled back into the queue with all their attempts, and with them those that failed,
 * or were not needed, because of them. Resolves to the ids of all of them. Throws `usage` for a task in another state, and for one that
 * needs a task that did not complete and is not retried with it.
 */
export function retryTasks(store: Store, ids: readonly string[]): Promise<string[]> {
  return store.write(async (trx) => {
    const [wrong] = await query<{id: string; status: TaskStatus}>(
      trx,
      `SELECT id, status FROM tasks WHERE id IN ${store.sql.ids} AND status NOT IN ('failed', 'cancelled')`,
      [JSON.stringify(ids)],
    )
    if (wrong)
      throw new HelixError('usage', `task ${wrong.id} is ${wrong.status}`, {code: 'TASK_NOT_FAILED', hint: 'Only failed and cancelled tasks can be retried.'})
    const rows = await query<{id: string}>(
      trx,
      `WITH RECURSIVE revived(id) AS (
         SELECT id FROM tasks WHERE id IN ${store.sql.ids}
         UNION
         SELECT t.id FROM revived r JOIN task_dependencies d ON d.needs_id = r.id JOIN tasks t ON t.id = d.task_id WHERE t.status IN ('failed', 'cancelled') AND t.failure_kind = 'dependency'
       ) SELECT id FROM revived`,
      [JSON.stringify(ids)],
    )
    const revived = rows.map((row) => row.id)
    const list = JSON.stringify(revived)
    // What they need must not end between being counted and being waited for.
    if (store.sql.forUpdate)
      await query(
        trx,
        `SELECT id FROM tasks WHERE id IN (SELECT needs_id FROM task_dependencies WHERE task_id IN ${store.sql.ids}) ORDER BY id ${store.sql.forUpdate}`,
        [list],
      )
    const [stuck] = await query<{id: string; needs: string}>(
      trx,
      `SELECT d.task_id AS id, coalesce(n.name, CAST(n.id AS text)) AS needs FROM task_dependencies d JOIN tasks n ON n.id = d.needs_id
       WHERE d.task_id IN ${store.sql.ids} AND d.condition = 'success' AND n.status IN ('failed', 'cancelled') AND n.id NOT IN ${store.sql.ids}`,
      [list, list],
    )
    if (stuck)
      throw new HelixError('usage', `task ${stuck.id} needs ${stuck.needs}, which did not complete`, {
        code: 'TASK_NEEDS_FAILED',
        hint: 'Retry that one; what needs it is retried with it.',
      })
    await query(
      trx,
      `UPDATE tasks SET status = 'pending', failures = 0, submitter_id = NULL, worker_id = NULL, coordinator_id = NULL, cancel_requested_at = NULL,
         available_at = ${store.sql.now}, started_at = NULL, completed_at = NULL, failure_kind = NULL, error_message = NULL, exit_code = NULL, signal = NULL
       WHERE id IN ${store.sql.ids}`,
      [list],
    )
    // Counted anew rather than added up: a task that waited for a failed one, whatever its end, waits again.
    await query(
      trx,
      `UPDATE tasks SET blocked_by = (
         SELECT count(*) FROM task_dependencies d JOIN tasks n ON n.id = d.needs_id WHERE d.task_id = tasks.id AND n.status IN ('pending', 'running'))
       WHERE ${NO_INDEX_ON_STATUS} = 'pending' AND (id IN ${store.sql.ids} OR id IN (SELECT task_id FROM task_dependencies WHERE needs_id IN ${store.sql.ids}))`,
      [list, list],
    )
    await announceWork(trx, store)
    return revived
  })
}
