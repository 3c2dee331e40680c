import {argumentText} from '../workers/shell-quote.js'
import type {FailureKind, TaskStatus} from './task.js'
import type {AttemptRow, TaskWithAttempt} from './task-queries.js'

/** A task as `--json` and the API show it. Times are ISO 8601 in UTC, `duration_ms` runs from start to end. */
export interface TaskView {
  schema_version: 1
  id: string
  /** That of the `task run`, `map` or `apply` that it came from. */
  request_id: string
  name: string | null
  type: string
  status: TaskStatus
  failure_kind: FailureKind | null
  worker: string | null
  attempt: number
  exit_code: number | null
  signal: string | null
  error: string | null
  project: string
  command: string[]
  created_at: string
  /** It does not start before this time. */
  available_at: string
  started_at: string | null
  completed_at: string | null
  duration_ms: number | null
}

/** A task with the last 64 KiB of what it printed. */
export interface TaskOutputView extends TaskView {
  stdout: string
  stderr: string
  stdout_truncated: boolean
  stderr_truncated: boolean
}

/** A task without its output, as in a list. */
export function viewTask(task: TaskWithAttempt): TaskView {
  return {
    schema_version: 1,
    id: task.id,
    request_id: task.request_id,
    name: task.name,
    type: task.type,
    status: task.status,
    failure_kind: task.failure_kind,
    worker: task.status === 'pending' ? null : task.worker_name,
    attempt: task.attempt,
    exit_code: task.exit_code,
    signal: task.signal,
    error: task.error_message,
    project: task.project,
    command: task.input.command.map(argumentText),
    created_at: task.created_at,
    available_at: task.available_at,
    started_at: task.started_at,
    completed_at: task.completed_at,
    duration_ms: task.started_at && task.completed_at ? Date.parse(task.completed_at) - Date.parse(task.started_at) : null,
  }
}

/** A task and the tails of its output. */
export function viewTaskOutput(task: TaskWithAttempt): TaskOutputView {
  return {
    ...viewTask(task),
    stdout: task.stdout_tail?.toString() ?? '',
    stderr: task.stderr_tail?.toString() ?? '',
    stdout_truncated: (task.stdout_bytes ?? 0) > (task.stdout_tail?.length ?? 0),
    stderr_truncated: (task.stderr_bytes ?? 0) > (task.stderr_tail?.length ?? 0),
  }
}

/** An attempt as `task show` lists it. */
export interface AttemptView {
  attempt: number
  status: string
  worker: string
  failure_kind: string | null
  exit_code: number | null
  signal: string | null
  error: string | null
  started_at: string
  completed_at: string | null
}

/** One attempt of a task. */
export function viewAttempt({worker_name, error_message, ...attempt}: AttemptRow): AttemptView {
  return {...attempt, worker: worker_name, error: error_message}
}
