import type {Knex} from 'knex'
import {NO_INDEX_ON_STATUS, query} from '../data/sql.js'
import type {Store} from '../data/store.js'
import {settleDependents} from './settle-dependents.js'
import type {FailureKind, TaskStatus} from './task.js'

/** How an attempt ended and what that makes of its task. */
export interface AttemptEnd {
  taskId: string
  attempt: number
  /** The last three put the task back: `retry` after a failure, `released` when the attempt never ran and never will, `unsent` when no worker was told of it, so that its number is used again. */
  result: 'completed' | 'failed' | 'cancelled' | 'retry' | 'released' | 'unsent'
  retryAfterSeconds?: number
  failureKind?: FailureKind | undefined
  exitCode?: number | null
  signal?: string | null
  error?: string | undefined
  stdoutBytes?: number
  stderrBytes?: number
  stdoutTail?: Buffer
  stderrTail?: Buffer
}

/** A task that has just come to its end. */
export interface SettledTask {
  id: string
  status: TaskStatus
}

/** What became of the ends that were to be stored. */
export interface CompletedAttempts {
  /** Tasks that are over because of them, dependents that fail with them included. */
  settled: SettledTask[]
  /** Ends of attempts that this coordinator no longer owns. */
  refused: AttemptEnd[]
}

/**
 * Stores the ends of attempts in one transaction. An end is refused unless this coordinator still owns that very attempt
 * and holds its lease: whoever has adopted the task tells how it ends.
 */
export function completeAttempts(store: Store, coordinatorId: string, ends: readonly AttemptEnd[]): Promise<CompletedAttempts> {
  return store.write(async (trx) => {
    const updated = await updateTasks(trx, store, coordinatorId, ends)
    const updatedIds = new Set(updated.map((task) => task.id))
    const accepted = ends.filter((end) => updatedIds.has(end.taskId))
    await updateAttempts(trx, store, accepted)
    const over = updated.filter((task) => task.status !== 'pending')
    const dependents = await settleDependents(
      trx,
      store,
      over.filter((task) => task.has_dependents).map((task) => task.id),
    )
    return {settled: [...over.map(({id, status}) => ({id, status})), ...dependents], refused: ends.filter((end) => !updatedIds.has(end.taskId))}
  })
}

interface UpdatedTask extends SettledTask {
  has_dependents: boolean
}

function updateTasks(trx: Knex, store: Store, coordinatorId: string, ends: readonly AttemptEnd[]): Promise<UpdatedTask[]> {
  const rows = ends.map((end) => ({
    id: end.taskId,
    attempt: end.attempt,
    status: end.result === 'completed' || end.result === 'failed' || end.result === 'cancelled' ? end.result : 'pending',
    unsent: end.result === 'unsent' ? 1 : 0,
    failed: end.result === 'retry' || end.result === 'failed' ? 1 : 0,
    retry_after: end.retryAfterSeconds ?? 0,
    failure_kind: end.failureKind ?? null,
    exit_code: end.exitCode ?? null,
    signal: end.signal ?? null,
    error_message: end.error ?? null,
  }))
  const columns = {
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
  // A task that is to be cancelled does not go back to the queue.
  const status = `CASE WHEN j.status = 'pending' AND tasks.cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE j.status END`
  return query<UpdatedTask>(
    trx,
    `UPDATE tasks SET status = ${status},
       worker_id = CASE WHEN j.status = 'pending' THEN NULL ELSE tasks.worker_id END,
       coordinator_id = NULL,
       failures = tasks.failures + j.failed,
       attempt = tasks.attempt - j.unsent,
       available_at = ${store.sql.afterSeconds.replace('?', 'j.retry_after')},
       failure_kind = j.failure_kind, exit_code = j.exit_code, signal = j.signal, error_message = j.error_message,
       completed_at = CASE WHEN ${status} = 'pending' THEN NULL ELSE ${store.sql.now} END
     FROM ${store.sql.rows(columns)}
     WHERE tasks.id = j.id AND tasks.attempt = j.attempt AND tasks.coordinator_id = ? AND ${NO_INDEX_ON_STATUS} = 'running'
       AND EXISTS (SELECT 1 FROM coordinators WHERE coordinators.id = ? AND coordinators.lease_expires_at > ${store.sql.now})
     RETURNING tasks.id, tasks.status, tasks.has_dependents`,
    [JSON.stringify(rows), coordinatorId, coordinatorId],
  )
}

async function updateAttempts(trx: Knex, store: Store, ends: readonly AttemptEnd[]): Promise<void> {
  const unsent = ends.filter((end) => end.result === 'unsent').map(({taskId, attempt}) => ({task_id: taskId, attempt}))
  if (unsent.length > 0) {
    await query(
      trx,
      `DELETE FROM task_attempts WHERE (task_id, attempt) IN (SELECT task_id, attempt FROM ${store.sql.rows({task_id: 'uuid', attempt: 'integer'})})`,
      [JSON.stringify(unsent)],
    )
  }
  const sent = ends.filter((end) => end.result !== 'unsent')
  if (sent.length === 0) return
  const rows = sent.map((end) => ({
    task_id: end.taskId,
    attempt: end.attempt,
    status: end.result === 'retry' ? 'failed' : end.result,
    failure_kind: end.failureKind ?? null,
    exit_code: end.exitCode ?? null,
    signal: end.signal ?? null,
    error_message: end.error ?? null,
    stdout_bytes: end.stdoutBytes ?? 0,
    stderr_bytes: end.stderrBytes ?? 0,
    stdout_tail: end.stdoutTail?.toString('hex') ?? '',
    stderr_tail: end.stderrTail?.toString('hex') ?? '',
  }))
  const columns = {
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
  const copied = Object.keys(columns).filter((column) => column !== 'task_id' && column !== 'attempt')
  await query(
    trx,
    `UPDATE task_attempts SET ${copied.map((column) => `${column} = j.${column}`).join(', ')}, completed_at = ${store.sql.now}
     FROM ${store.sql.rows(columns)} WHERE task_attempts.task_id = j.task_id AND task_attempts.attempt = j.attempt`,
    [JSON.stringify(rows)],
  )
}
