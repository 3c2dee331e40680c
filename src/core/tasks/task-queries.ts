import type {Row} from '../data/sql.js'
import type {Store} from '../data/store.js'
import {HelixError} from '../errors/helix-error.js'
import type {TaskRow, TaskStatus} from './task.js'
import {readTaskRow} from './task-rows.js'

/** A task with what is known of its newest attempt. */
export interface TaskWithAttempt extends TaskRow {
  /** Name of its project. */
  project: string
  worker_name: string | null
  stdout_bytes: number | null
  stderr_bytes: number | null
  stdout_tail: Buffer | null
  stderr_tail: Buffer | null
}

export interface TaskFilter {
  ids?: readonly string[] | undefined
  status?: TaskStatus | undefined
  /** Name of a worker. */
  worker?: string | undefined
  /** Name of a project. */
  project?: string | undefined
  requestId?: string | undefined
  limit: number
  /** Only tasks queued before this one, by `seq`; the `next` of an earlier page. */
  before?: number | undefined
}

/** SQL that is true for the tasks of the request that stands for `?`. PostgreSQL finds those that run by another index than the others. */
export const OF_REQUEST = `(tasks.request_id = ? AND (tasks.status <> 'running' OR tasks.status = 'running'))`

const WORKER_NAME = 'coalesce(a.worker_name, w.name)'
const COLUMNS = `tasks.*, p.name AS project, ${WORKER_NAME} AS worker_name, a.stdout_bytes, a.stderr_bytes`
// An attempt that runs has no row yet.
const FROM = `FROM tasks JOIN projects p ON p.id = tasks.project_id LEFT JOIN task_attempts a ON a.task_id = tasks.id AND a.attempt = tasks.attempt
  LEFT JOIN workers w ON w.id = tasks.worker_id AND tasks.status = 'running'`

/** The newest tasks first, without their output. */
export async function listTasks(store: Store, filter: TaskFilter): Promise<TaskWithAttempt[]> {
  const conditions: string[] = []
  const bindings: (string | number)[] = []
  const where = (condition: string, value: string | number | undefined) => {
    if (value === undefined) return
    conditions.push(condition)
    bindings.push(value)
  }
  where(`tasks.id IN ${store.sql.ids}`, filter.ids && JSON.stringify(filter.ids))
  where('tasks.status = ?', filter.status)
  where(OF_REQUEST, filter.requestId)
  where(`${WORKER_NAME} = ?`, filter.worker)
  where('p.name = ?', filter.project)
  where('tasks.seq < ?', filter.before)
  const rows = await store.query(
    `SELECT ${COLUMNS} ${FROM} ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''} ORDER BY tasks.seq DESC LIMIT ?`,
    [...bindings, filter.limit],
  )
  return rows.map((row) => readTask(store, row))
}

/** The tasks with these ids and the tails of their output, in the order of the ids. Throws `usage` for an id that does not exist. */
export async function getTasks(store: Store, ids: readonly string[]): Promise<TaskWithAttempt[]> {
  const found = new Map<string, TaskWithAttempt>()
  // SQLite takes 32,766 variables in a statement, PostgreSQL 65,535.
  for (let from = 0; from < ids.length; from += 1000) {
    const page = ids.slice(from, from + 1000)
    const rows = await store.query(`SELECT ${COLUMNS}, a.stdout_tail, a.stderr_tail ${FROM} WHERE tasks.id IN (${page.map(() => '?').join(', ')})`, page)
    for (const row of rows) found.set(String(row.id), readTask(store, row))
  }
  return ids.map((id) => found.get(id) ?? missing(id))
}

/** The task that an id, or the beginning of one, names. Throws `usage` when none or several do. */
export async function resolveTaskId(store: Store, text: string): Promise<string> {
  if (!/^[0-9a-f-]{1,36}$/i.test(text)) missing(text)
  const rows = await store.query<{id: string}>('SELECT id FROM tasks WHERE CAST(id AS text) LIKE ? LIMIT 2', [`${text.toLowerCase()}%`])
  const [row, other] = rows
  if (!row) return missing(text)
  if (other) throw new HelixError('usage', `several tasks begin with ${text}`, {code: 'TASK_AMBIGUOUS', hint: 'Give more of the id.'})
  return row.id
}

function readTask(store: Store, row: Row): TaskWithAttempt {
  return readTaskRow<TaskWithAttempt>(store.sql, row)
}

function missing(id: string): never {
  throw new HelixError('usage', `there is no task ${id}`, {code: 'TASK_NOT_FOUND', hint: 'List them with: helix task list'})
}

/** The tasks that ids, or the beginnings of them, name. */
export function resolveTaskIds(store: Store, texts: readonly string[]): Promise<string[]> {
  return Promise.all(texts.map((text) => resolveTaskId(store, text)))
}

/** A table expression over the attempts of tasks. One that runs is in its task's row alone; an older Helix wrote it down at its start. */
export const ATTEMPTS = `(SELECT task_id, attempt, worker_id, worker_name, status, failure_kind, exit_code, signal, error_message,
    stdout_bytes, stderr_bytes, stdout_tail, stderr_tail, started_at, completed_at FROM task_attempts WHERE status <> 'running'
  UNION ALL
  SELECT t.id, t.attempt, t.worker_id, coalesce(w.name, ''), 'running', NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, t.started_at, NULL
  FROM tasks t LEFT JOIN workers w ON w.id = t.worker_id WHERE t.status = 'running') AS attempts`

/** An attempt without its output. */
export interface AttemptRow {
  attempt: number
  worker_name: string
  status: string
  failure_kind: string | null
  exit_code: number | null
  signal: string | null
  error_message: string | null
  started_at: string
  completed_at: string | null
}

/** The attempts of a task, the first one first. */
export function listAttempts(store: Store, taskId: string): Promise<AttemptRow[]> {
  return store.query<AttemptRow>(
    `SELECT attempt, worker_name, status, failure_kind, exit_code, signal, error_message, started_at, completed_at
     FROM ${ATTEMPTS} WHERE task_id = ? ORDER BY attempt`,
    [taskId],
  )
}
