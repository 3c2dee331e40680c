import type {Binding} from '../data/prepared.js'
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

const TASK_COLUMNS = {
  id: 'uuid',
  attempt: 'integer',
  status: 'text',
  unsent: 'integer',
  failed: 'integer',
  retry_after: 'integer',
  failure_kind: 'text',
  exit_code: 'integer',
  signal: 'text',
  error_message: 'text',
} as const

const ATTEMPT_COLUMNS = {
  task_id: 'uuid',
  attempt: 'integer',
  status: 'text',
  failure_kind: 'text',
  exit_code: 'integer',
  signal: 'text',
  error_message: 'text',
  stdout_bytes: 'bigint',
  stderr_bytes: 'bigint',
  stdout_tail: 'hex',
  stderr_tail: 'hex',
} as const

/** The bindings of `updateTasks`. */
export function taskBindings(coordinatorId: string, ends: readonly AttemptEnd[]): Binding[] {
  const rows = ends.map((end) => ({
    id: end.taskId,
    attempt: end.attempt,
    status: taskStatus(end),
    unsent: end.result === 'unsent' ? 1 : 0,
    failed: end.result === 'retry' || end.result === 'failed' ? 1 : 0,
    retry_after: end.retryAfterSeconds ?? 0,
    // What is left out is null.
    failure_kind: end.failureKind,
    exit_code: end.exitCode ?? undefined,
    signal: end.signal ?? undefined,
    error_message: end.error,
  }))
  return [JSON.stringify(rows), coordinatorId, coordinatorId]
}

/** Ends tasks or puts them back, where this coordinator still owns that very attempt and holds its lease. Returns `EndedTask` rows. */
export function updateTasks(sql: SqlDialect, dependents: Dependents): string {
  // A task that is to be cancelled does not go back to the queue.
  const status = `CASE WHEN j.status = 'pending' AND tasks.cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE j.status END`
  return `UPDATE tasks SET status = ${status},
      worker_id = CASE WHEN j.status = 'pending' THEN NULL ELSE tasks.worker_id END,
      coordinator_id = NULL,
      failures = tasks.failures + j.failed,
      attempt = tasks.attempt - j.unsent,
      available_at = ${sql.afterSeconds.replace('?', 'j.retry_after')},
      failure_kind = j.failure_kind, exit_code = j.exit_code, signal = j.signal, error_message = j.error_message,
      completed_at = CASE WHEN ${status} = 'pending' THEN NULL ELSE ${sql.now} END
    FROM ${sql.rows(TASK_COLUMNS)}
    WHERE tasks.id = j.id AND tasks.attempt = j.attempt AND tasks.coordinator_id = ? AND ${NO_INDEX_ON_STATUS} = 'running'
      ${dependents === 'without' ? 'AND NOT tasks.has_dependents' : ''}
      AND EXISTS (SELECT 1 FROM coordinators WHERE coordinators.id = ? AND coordinators.lease_expires_at > ${sql.now})
    RETURNING tasks.id, tasks.status, tasks.has_dependents`
}

/** The bindings of `updateAttempts`. */
export function attemptBindings(coordinatorId: string, ends: readonly AttemptEnd[]): Binding[] {
  const rows = ends.map((end) => ({
    task_id: end.taskId,
    attempt: end.attempt,
    status: attemptStatus(end),
    failure_kind: end.failureKind,
    exit_code: end.exitCode ?? undefined,
    signal: end.signal ?? undefined,
    error_message: end.error,
    stdout_bytes: end.stdoutBytes ?? 0,
    stderr_bytes: end.stderrBytes ?? 0,
    stdout_tail: end.stdoutTail?.toString('hex') ?? '',
    stderr_tail: end.stderrTail?.toString('hex') ?? '',
  }))
  return [coordinatorId, JSON.stringify(rows)]
}

/** Writes down how attempts ended and who said so. `accepted` narrows them down. */
export function updateAttempts(sql: SqlDialect, accepted = ''): string {
  const copied = Object.keys(ATTEMPT_COLUMNS).filter((column) => column !== 'task_id' && column !== 'attempt')
  return `UPDATE task_attempts SET coordinator_id = ?, ${copied.map((column) => `${column} = j.${column}`).join(', ')}, completed_at = ${sql.now}
    FROM ${sql.rows(ATTEMPT_COLUMNS)} WHERE task_attempts.task_id = j.task_id AND task_attempts.attempt = j.attempt ${accepted}`
}

/** Forgets attempts that no worker was told of; their numbers are used again. Its binding is `idsBinding`. */
export function deleteAttempts(sql: SqlDialect): string {
  return `DELETE FROM task_attempts WHERE (task_id, attempt) IN (SELECT task_id, attempt FROM ${sql.rows({task_id: 'uuid', attempt: 'integer'})})`
}

/** Tasks and attempts as one JSON binding. */
export function idsBinding(ends: readonly AttemptEnd[]): string {
  return JSON.stringify(ends.map(({taskId, attempt}) => ({task_id: taskId, attempt})))
}

/** The status of an attempt that ended so. */
export function attemptStatus({result}: AttemptEnd): string {
  return result === 'retry' ? 'failed' : result
}

/** What a task becomes by such an end, unless it is to be cancelled. */
function taskStatus({result}: AttemptEnd): TaskStatus {
  return result === 'completed' || result === 'failed' || result === 'cancelled' ? result : 'pending'
}
