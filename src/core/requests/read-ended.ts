import type {Store} from '../data/store.js'
import type {TaskWithAttempt} from '../tasks/task-queries.js'
import {readTaskRow} from '../tasks/task-rows.js'

/** Tasks with what is known of their newest attempts but its output, which may be large, in the order of the ids. */
export async function readEnded(store: Store, ids: readonly string[]): Promise<TaskWithAttempt[]> {
  if (ids.length === 0) return []
  const rows = await store.query(
    `SELECT tasks.*, a.worker_name, a.stdout_bytes, a.stderr_bytes, NULL AS stdout_tail, NULL AS stderr_tail
     FROM tasks LEFT JOIN task_attempts a ON a.task_id = tasks.id AND a.attempt = tasks.attempt WHERE tasks.id IN ${store.sql.ids}`,
    [JSON.stringify(ids)],
  )
  const found = new Map(rows.map((row) => [String(row.id), readTaskRow<TaskWithAttempt>(store.sql, row)]))
  return ids.flatMap((id) => found.get(id) ?? [])
}
