import type {Argument} from '../workers/shell-quote.js'

export type TaskStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled'
export const TASK_STATUSES: readonly TaskStatus[] = ['pending', 'running', 'completed', 'failed', 'cancelled']

/** Why a task failed; `retry_on` names the kinds that are tried again. */
export type FailureKind = 'exit' | 'timeout' | 'transport' | 'host' | 'provider' | 'dependency' | 'signal' | 'memory' | 'unknown'
export const FAILURE_KINDS: readonly FailureKind[] = ['exit', 'timeout', 'transport', 'host', 'provider', 'dependency', 'signal', 'memory', 'unknown']

/** What a worker must have to be given the task. Tasks with equal requirements are placed alike. */
export interface Requirements {
  /** Only this worker, by name. */
  worker?: string
  capabilities?: string[]
  labels?: Record<string, string>
  cpus?: number
  memory_bytes?: number
  gpus?: number
  /** The submitter's own machine instead of a worker reached over SSH. */
  local?: true
  /** Only a coordinator on this machine, which has the request's spooled files. */
  host_id?: string
}

/** What becomes of a task whose worker stays away: its outcome counts as unknown, it is tried elsewhere, it has failed. */
export type OnLost = 'wait' | 'retry' | 'fail'
export const ON_LOST: readonly OnLost[] = ['wait', 'retry', 'fail']

/** When a task counts as over and when it is tried again. Durations in seconds. */
export interface TaskPolicy {
  /** Further attempts after the first. */
  retries: number
  retry_on: FailureKind[]
  /** 0 for no limit. */
  timeout_seconds: number
  /** Between TERM and KILL. */
  grace_seconds: number
  on_lost: OnLost
  /** How long its worker may stay away before `on_lost` applies. */
  lost_seconds: number
}

export const DEFAULT_POLICY: TaskPolicy = {
  retries: 0,
  // A task whose outcome cannot be known may still be alive somewhere; running it again is the user's decision.
  retry_on: ['exit', 'timeout', 'transport', 'host', 'provider', 'signal', 'memory'],
  timeout_seconds: 0,
  grace_seconds: 10,
  on_lost: 'wait',
  lost_seconds: 600,
}

/** How a needed task must end for the one that needs it to start: completed; failed or cancelled; either way. */
export type NeedCondition = 'success' | 'failure' | 'always'
export const NEED_CONDITIONS: readonly NeedCondition[] = ['success', 'failure', 'always']

export type TaskType = 'shell' | 'llm'

/** A file or folder that is copied for a task. The path on this machine is absolute, the one on the worker may be relative to the folder that the command runs in. */
export interface FileCopy {
  from: string
  to: string
}

/** What a task runs, as the column `input` keeps it. Never its environment. */
export interface TaskInput {
  /** Of a task of type `llm`: what would ask the same on the command line. */
  command: Argument[]
  /** What a task of type `llm` asks a model. */
  question?: TaskQuestion
  cwd?: string
  /** Standard input is in the request's spool. */
  stdin?: true
  /** The line of `task map` and its number from 1. */
  item?: Argument
  item_number?: number
  /** Copied to the worker before each attempt. */
  uploads?: FileCopy[]
  /** Copied from the worker when the command has completed. */
  downloads?: FileCopy[]
}

/** What a task asks a model, as a graph file names it. */
export interface TaskQuestion {
  /** `provider/model`, or an alias. */
  model: string
  fallbacks?: string[]
  prompt: string
  system?: string
  /** JSON Schema that the answer must satisfy. */
  schema?: Record<string, unknown>
  reasoning?: 'none' | 'low' | 'medium' | 'high'
  max_tokens?: number
  /** US dollars. */
  max_cost?: number
  temperature?: number
}

/** A row of `tasks`, JSON columns parsed. */
export interface TaskRow {
  seq: number
  id: string
  project_id: string
  request_id: string
  /** Where it runs, or ran last. */
  worker_id: string | null
  name: string | null
  type: TaskType
  status: TaskStatus
  input: TaskInput
  error_message: string | null
  failure_kind: FailureKind | null
  exit_code: number | null
  signal: string | null
  priority: number
  requirements: Requirements
  available_at: string
  blocked_by: number
  retry_policy: TaskPolicy
  failures: number
  attempt: number
  submitter_id: string | null
  coordinator_id: string | null
  cancel_requested_at: string | null
  idempotency_key: string | null
  started_at: string | null
  completed_at: string | null
  created_at: string
}

/** What a coordinator needs of the tasks that it runs. */
export const RUNNING_COLUMNS = [
  'id',
  'seq',
  'attempt',
  'failures',
  'priority',
  'name',
  'request_id',
  'worker_id',
  'cancel_requested_at',
  'type',
  'input',
  'requirements',
  'retry_policy',
] as const satisfies readonly (keyof TaskRow)[]

/** A task, as the coordinator that runs it knows it. */
export type RunningTask = Pick<TaskRow, (typeof RUNNING_COLUMNS)[number]>

/** True for a status that never changes again by itself. */
export function isTerminal(status: TaskStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}
