import {NO_INDEX_ON_STATUS, type SqlDialect} from '../data/sql.js'
import type {AttemptEnd} from './complete-attempts.js'
import type {TaskStatus} from './task.js'

/** A task whose attempt's end was accepted. */
export interface EndedTask {
  id: string
  status: TaskStatus
  has_dependents: boolean
}

/** Which tasks an end may be stored for: those that others wait for need more than one statement. */
export type Dependents = 'without' | 'any'

const END_COLUMNS = {
  id: 'uuid',
  attempt: 'integer',
  result: 'text',
  retry_after: 'integer',
  failure_kind: 'text',
  exit_code: 'integer',
  signal: 'text',
  error_message: 'text',
  stdout_bytes: 'bigint',
  stderr_bytes: 'bigint',
  stdout_tail: 'hex',
  stderr_tail: 'hex',
} as const

/** The status of an attempt that ended so. */
export const ATTEMPT_STATUS = `CASE WHEN j.result = 'retry' THEN 'failed' ELSE j.result END`

/** A table expression `AS j` over ends: what the statements below read them from. Its binding is `endsBinding`. */
export function endRows(sql: SqlDialect): string {
  return sql.rows(END_COLUMNS)
}

/** Ends as one JSON binding. What is left out of it is null. */
export function endsBinding(ends: readonly AttemptEnd[]): string {
  const rows = ends.map((end) => ({
    id: end.taskId,
    attempt: end.attempt,
    result: end.result,
    retry_after: end.retryAfterSeconds,
    failure_kind: end.failureKind,
    exit_code: end.exitCode ?? undefined,
    signal: end.signal ?? undefined,
    error_message: end.error,
    stdout_bytes: end.stdoutBytes,
    stderr_bytes: end.stderrBytes,
    stdout_tail: end.stdoutTail?.toString('hex'),
    stderr_tail: end.stderrTail?.toString('hex'),
  }))
  return JSON.stringify(rows)
}

/**
 * Ends tasks or puts them back, where the coordinator still owns that very attempt and holds its lease. Its bindings are those of
 * `ends`, a table expression, and the coordinator twice. Returns `EndedTask` rows; `withEnds`, which only
 * PostgreSQL can, what `insertAttempts` reads as well.
 */
export function updateTasks(sql: SqlDialect, ends: string, dependents: Dependents, withEnds = false): string {
  const goesBack = `j.result IN ('retry', 'released', 'unsent')`
  // A task that is to be cancelled does not go back to the queue.
  const status = `CASE WHEN NOT ${goesBack} THEN j.result WHEN tasks.cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE 'pending' END`
  return `UPDATE tasks SET status = ${status},
      worker_id = CASE WHEN j.result = 'unsent' THEN NULL ELSE tasks.worker_id END,
      coordinator_id = NULL,
      failures = tasks.failures + CASE WHEN j.result IN ('retry', 'failed') THEN 1 ELSE 0 END,
      attempt = tasks.attempt - CASE WHEN j.result = 'unsent' THEN 1 ELSE 0 END,
      available_at = ${sql.afterSeconds.replace('?', 'coalesce(j.retry_after, 0)')},
      failure_kind = j.failure_kind, exit_code = j.exit_code, signal = j.signal, error_message = j.error_message,
      completed_at = CASE WHEN ${status} = 'pending' THEN NULL ELSE ${sql.now} END
    FROM ${ends}
    WHERE tasks.id = j.id AND tasks.attempt = j.attempt AND tasks.coordinator_id = ? AND ${NO_INDEX_ON_STATUS} = 'running'
      ${dependents === 'without' ? 'AND NOT tasks.has_dependents' : ''}
      AND EXISTS (SELECT 1 FROM coordinators WHERE coordinators.id = ? AND coordinators.lease_expires_at > ${sql.now})
    RETURNING ${withEnds ? 'j.*, tasks.worker_id, tasks.started_at' : 'tasks.id'}, tasks.status, tasks.has_dependents`
}

/** A table expression `AS j` over ends and what their tasks know of the attempts. Its binding is `endsBinding`. */
export function endsOfTasks(sql: SqlDialect): string {
  return `(SELECT j.*, t.worker_id, t.started_at FROM ${endRows(sql)} JOIN tasks t ON t.id = j.id) AS j`
}

/**
 * Writes down attempts that have ended, and who said so; until then an attempt is in its task's row alone. `ends` is a table expression
 * like `endsOfTasks`. Its bindings are the coordinator and those of `ends`.
 */
export function insertAttempts(sql: SqlDialect, ends: string): string {
  const columns = {
    task_id: 'j.id',
    attempt: 'j.attempt',
    worker_id: 'j.worker_id',
    worker_name: `coalesce(w.name, '')`,
    coordinator_id: `CAST(? AS ${sql.idType})`,
    status: ATTEMPT_STATUS,
    failure_kind: 'j.failure_kind',
    exit_code: 'j.exit_code',
    signal: 'j.signal',
    error_message: 'j.error_message',
    stdout_bytes: 'coalesce(j.stdout_bytes, 0)',
    stderr_bytes: 'coalesce(j.stderr_bytes, 0)',
    stdout_tail: 'j.stdout_tail',
    stderr_tail: 'j.stderr_tail',
    started_at: 'j.started_at',
    completed_at: sql.now,
  }
  return `INSERT INTO task_attempts (${Object.keys(columns).join(', ')})
    SELECT ${Object.values(columns).join(', ')} FROM ${ends} LEFT JOIN workers w ON w.id = j.worker_id`
}
