import type {Knex} from 'knex'
import {query} from '../data/sql.js'
import type {Store} from '../data/store.js'
import {settleDependents} from './settle-dependents.js'
import {ATTEMPT_STATUS, type EndedTask, endRows, endsBinding, endsOfTasks, insertAttempts, updateTasks} from './store-ends.js'
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
 * Stores the ends of attempts, durably once this resolves. An end is refused unless this coordinator still owns that very attempt
 * and holds its lease: whoever has adopted the task tells how it ends. One that it stored before, without hearing of it, is accepted again.
 */
export async function completeAttempts(store: Store, coordinatorId: string, ends: readonly AttemptEnd[]): Promise<CompletedAttempts> {
  const sent = ends.filter((end) => end.result !== 'unsent')
  const ended = sent.length > 0 ? await endAtOnce(store, coordinatorId, sent) : []
  const left = withoutEnded(ends, ended)
  const rest = left.length > 0 ? await endInTransaction(store, coordinatorId, left) : {settled: [], refused: []}
  return {settled: [...settledOf(ended), ...rest.settled], refused: rest.refused}
}

/** Nearly all ends, with prepared statements: those of tasks that no other waits for. */
function endAtOnce(store: Store, coordinatorId: string, ends: readonly AttemptEnd[]): Promise<EndedTask[]> {
  const {sql} = store
  if (store.dialect === 'postgres') {
    return store.prepared(
      `WITH ended AS (${updateTasks(sql, endRows(sql), 'without', true)}), attempts AS (${insertAttempts(sql, 'ended AS j')})
       SELECT id, status, has_dependents FROM ended`,
      [endsBinding(ends), coordinatorId, coordinatorId, coordinatorId],
    )
  }
  return store.immediate((run) => {
    const ended = run<EndedTask>(updateTasks(sql, endRows(sql), 'without'), [endsBinding(ends), coordinatorId, coordinatorId])
    if (ended.length > 0) run(insertAttempts(sql, endsOfTasks(sql)), [coordinatorId, endsBinding(acceptedOf(ends, ended))])
    return ended
  })
}

/** The others: those of which nothing was sent, those that others wait for, and those that are refused. */
function endInTransaction(store: Store, coordinatorId: string, ends: readonly AttemptEnd[]): Promise<CompletedAttempts> {
  return store.write(async (trx) => {
    const {sql} = store
    const ended = await query<EndedTask>(trx, updateTasks(sql, endRows(sql), 'any'), [endsBinding(ends), coordinatorId, coordinatorId])
    const accepted = acceptedOf(ends, ended)
    const sent = accepted.filter((end) => end.result !== 'unsent')
    if (sent.length > 0) await query(trx, insertAttempts(sql, endsOfTasks(sql)), [coordinatorId, endsBinding(sent)])
    const over = ended.filter((task) => task.status !== 'pending')
    const dependents = await settleDependents(
      trx,
      store,
      over.filter((task) => task.has_dependents).map((task) => task.id),
    )
    const known = await findStored(trx, store, coordinatorId, withoutEnded(ends, ended))
    return {settled: [...settledOf(ended), ...dependents, ...settledOf(known)], refused: withoutEnded(withoutEnded(ends, ended), known)}
  })
}

/** Which ends this coordinator has stored already: the confirmation of the transaction was lost, and it is repeated. */
async function findStored(trx: Knex, store: Store, coordinatorId: string, ends: readonly AttemptEnd[]): Promise<EndedTask[]> {
  if (ends.length === 0) return []
  return query<EndedTask>(
    trx,
    `SELECT t.id, t.status, t.has_dependents FROM ${endRows(store.sql)}
     JOIN task_attempts a ON a.task_id = j.id AND a.attempt = j.attempt AND a.status = ${ATTEMPT_STATUS}
     JOIN tasks t ON t.id = a.task_id AND t.attempt = a.attempt AND t.status <> 'running'
     WHERE a.coordinator_id = ? AND a.completed_at IS NOT NULL`,
    [endsBinding(ends), coordinatorId],
  )
}

function acceptedOf(ends: readonly AttemptEnd[], ended: readonly EndedTask[]): AttemptEnd[] {
  const ids = new Set(ended.map((task) => task.id))
  return ends.filter((end) => ids.has(end.taskId))
}

function withoutEnded(ends: readonly AttemptEnd[], ended: readonly EndedTask[]): AttemptEnd[] {
  const ids = new Set(ended.map((task) => task.id))
  return ends.filter((end) => !ids.has(end.taskId))
}

function settledOf(ended: readonly EndedTask[]): SettledTask[] {
  return ended.filter((task) => task.status !== 'pending').map(({id, status}) => ({id, status}))
}
