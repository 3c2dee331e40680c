import type {RunStatement} from '../data/prepared.js'
import type {Store} from '../data/store.js'
import type {AttemptEnd} from './complete-attempts.js'
import {attemptStatus, type EndedAtOnce, type EndedTask, taskStatus} from './store-ends.js'

/** Stores ends in one transaction, a row at a time: SQLite is a function call away, and reading JSON costs it more than that. */
export function endOnSqlite(store: Store, coordinatorId: string, ends: readonly AttemptEnd[]): Promise<EndedAtOnce> {
  const {now, afterSeconds} = store.sql
  const leased = `SELECT 1 FROM coordinators WHERE id = ? AND lease_expires_at > ${now}`
  const endTask = `UPDATE tasks SET status = CASE WHEN ? AND cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE ? END,
      worker_id = CASE WHEN ? THEN NULL ELSE worker_id END, coordinator_id = NULL, failures = failures + ?, available_at = ${afterSeconds},
      failure_kind = ?, exit_code = ?, signal = ?, error_message = ?,
      completed_at = CASE WHEN ? AND cancel_requested_at IS NULL THEN NULL ELSE ${now} END
    WHERE id = ? AND attempt = ? AND coordinator_id = ? AND coalesce(status, '') = 'running' AND NOT has_dependents
    RETURNING id, status, has_dependents`
  const endAttempt = `UPDATE task_attempts SET coordinator_id = ?, status = ?, failure_kind = ?, exit_code = ?, signal = ?, error_message = ?,
      stdout_bytes = ?, stderr_bytes = ?, stdout_tail = ?, stderr_tail = ?, completed_at = ${now}
    WHERE task_id = ? AND attempt = ? RETURNING worker_id`

  return store.immediate((run) => {
    const tasks: EndedTask[] = []
    const workerIds = new Set<string>()
    if (run(leased, [coordinatorId]).length === 0) return {tasks, workerIds: []}
    for (const end of ends) {
      const status = taskStatus(end)
      const back = status === 'pending' ? 1 : 0
      const failed = end.result === 'retry' || end.result === 'failed' ? 1 : 0
      const how = [end.failureKind ?? null, end.exitCode ?? null, end.signal ?? null, end.error ?? null]
      const [task] = run<EndedTask>(endTask, [back, status, back, failed, end.retryAfterSeconds ?? 0, ...how, back, end.taskId, end.attempt, coordinatorId])
      if (!task) continue
      tasks.push(task)
      const output = [end.stdoutBytes ?? 0, end.stderrBytes ?? 0, end.stdoutTail ?? EMPTY, end.stderrTail ?? EMPTY]
      const [attempt] = run<{worker_id: string}>(endAttempt, [coordinatorId, attemptStatus(end), ...how, ...output, end.taskId, end.attempt])
      if (attempt) workerIds.add(attempt.worker_id)
    }
    return {tasks, workerIds: [...workerIds]}
  })
}

const EMPTY = Buffer.alloc(0)
