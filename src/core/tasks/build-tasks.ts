import {randomUUID} from 'node:crypto'
import {HelixError} from '../errors/helix-error.js'
import {type Argument, argumentText} from '../workers/shell-quote.js'
import {instantAfter, parseInstant} from './parse-instant.js'
import {parseDuration, parseSize} from './parse-quantity.js'
import type {NewTask} from './submit-tasks.js'
import type {Requirements, TaskPolicy} from './task.js'
import {type AskedFiles, placeFiles} from './task-files.js'
import {type GraphTask, needsOf, sortGraph, type TaskGraph} from './task-graph.js'
import {completePolicy} from './task-policy.js'
import {isPassable} from './task-template.js'

/** What `task run` and `task map` ask of every task they make. */
export interface TaskOptions {
  /** A random one when absent. */
  id?: string | undefined
  name?: string | undefined
  requirements: Requirements
  policy: Partial<TaskPolicy>
  priority: number
  idempotencyKey?: string | undefined
  cwd?: string | undefined
  stdin?: boolean
  /** Not before this time. */
  startAt?: Date | undefined
  files?: AskedFiles | undefined
}

/** Throws `usage` where there is no program to run. */
export function checkCommand([program]: readonly Argument[]): void {
  if (program !== undefined && argumentText(program) !== '') return
  throw new HelixError('usage', 'there is no command to run', {code: 'COMMAND_MISSING', hint: 'Put it behind two dashes: helix task run -- make test'})
}

/** A shell task. Throws `usage` for a command that no system can run. */
export function buildShellTask(command: readonly Argument[], options: TaskOptions, item?: {item: Argument; number: number}): NewTask {
  checkCommand(command)
  if (!command.every(isPassable))
    throw new HelixError('usage', 'an argument contains a NUL byte, which cannot be passed to a program', {code: 'ARGUMENT_INVALID'})
  return {
    id: options.id ?? randomUUID(),
    name: options.name,
    type: 'shell',
    input: {
      command: [...command],
      ...(options.cwd !== undefined && {cwd: options.cwd}),
      ...(options.stdin && {stdin: true as const}),
      ...(item && {item: item.item, item_number: item.number}),
      ...(options.files && placeFiles(options.files, item)),
    },
    priority: options.priority,
    requirements: options.requirements,
    policy: completePolicy(options.policy),
    idempotencyKey: options.idempotencyKey,
    // Told as a time from now: the clock of the database is the one that counts.
    startAfterSeconds: options.startAt && Math.max(0, Math.ceil((options.startAt.getTime() - Date.now()) / 1000)),
  }
}

/** A task that asks a model. It runs on the machine of whoever submits it, which has the keys. */
function buildLlmTask(
  {model = '', prompt = '', system, schema, reasoning, max_tokens, max_cost, temperature, fallbacks}: GraphTask,
  options: TaskOptions,
): NewTask {
  return {
    ...buildShellTask(['helix', 'chat', '-m', model, '-p', prompt], options),
    type: 'llm',
    input: {
      command: ['helix', 'chat', '-m', model, '-p', prompt],
      ...(options.cwd !== undefined && {cwd: options.cwd}),
      question: {
        model,
        prompt,
        ...(system && {system}),
        ...(schema && {schema}),
        ...(reasoning && {reasoning}),
        ...(fallbacks && {fallbacks}),
        ...(max_tokens !== undefined && {max_tokens}),
        ...(max_cost !== undefined && {max_cost}),
        ...(temperature !== undefined && {temperature}),
      },
    },
  }
}

export interface GraphOptions {
  /** Named where something is wrong with it. */
  file: string
  requirementsOf: (task: GraphTask) => Requirements
  /** The folder of this machine that relative paths of uploads and downloads are in. */
  folder: string
  idempotencyKey?: string | undefined
}

/**
 * A graph's tasks in an order in which each comes after those it needs, and the variables given for single ones. Throws what
 * `requirementsOf` throws, and `usage` for what no task may have, naming the file and the task.
 */
export function buildGraphTasks(
  graph: TaskGraph,
  {file, requirementsOf, folder, idempotencyKey}: GraphOptions,
): {tasks: NewTask[]; environments: Record<string, Record<string, string>>} {
  const order = sortGraph(graph)
  const ids = new Map(order.map((name) => [name, randomUUID() as string]))
  const environments: Record<string, Record<string, string>> = {}
  const needed = new Set(Object.values(graph.tasks).flatMap((task) => needsOf(task).map((need) => need.task)))
  const build = (name: string, task: GraphTask): NewTask => {
    const id = ids.get(name) as string
    if (task.env) environments[id] = checkEnvironment(task.env)
    const options: TaskOptions = {
      id,
      name,
      policy: graphPolicy(task),
      priority: task.priority ?? 0,
      cwd: task.cwd,
      requirements: requirementsOf(task),
      idempotencyKey: idempotencyKey === undefined ? undefined : `${idempotencyKey}/${name}`,
      startAt: graphStart(task),
      files: {uploads: task.upload ?? [], downloads: task.download ?? [], folder},
    }
    const built = task.type === 'llm' ? buildLlmTask(task, options) : buildShellTask(task.command ?? ['sh', '-c', task.run ?? ''], options)
    return {
      ...built,
      needs: needsOf(task).map((need) => ({id: ids.get(need.task) as string, condition: need.when})),
      hasDependents: needed.has(name),
    }
  }
  const tasks = order.map((name) => sayWhere(`${file}: tasks.${name}`, () => build(name, graph.tasks[name] as GraphTask)))
  return {tasks, environments}
}

function sayWhere<T>(place: string, build: () => T): T {
  try {
    return build()
  } catch (error) {
    if (!HelixError.is(error)) throw error
    const {kind, code, hint, message} = error
    throw new HelixError(kind, `${place}: ${message}`, {code, cause: error, ...(hint !== undefined && {hint})})
  }
}

function graphPolicy(task: GraphTask): Partial<TaskPolicy> {
  return {
    ...(task.retries !== undefined && {retries: task.retries}),
    ...(task.retry_on && {retry_on: task.retry_on}),
    ...(task.timeout && {timeout_seconds: parseDuration(task.timeout)}),
    ...(task.on_lost && {on_lost: task.on_lost}),
    ...(task.lost_after && {lost_seconds: parseDuration(task.lost_after)}),
  }
}

function graphStart({at, delay}: GraphTask): Date | undefined {
  if (at !== undefined) return parseInstant(at)
  return delay === undefined ? undefined : instantAfter(parseDuration(delay))
}

/** The requirements that a task of a graph states. */
export function graphRequirements(task: GraphTask): Requirements {
  return {
    ...(task.type === 'llm' ? {worker: 'local'} : task.worker && {worker: task.worker}),
    ...(task.capabilities?.length && {capabilities: task.capabilities}),
    ...(task.labels && {labels: task.labels}),
    ...(task.cpus && {cpus: task.cpus}),
    ...(task.memory && {memory_bytes: parseSize(task.memory)}),
    ...(task.gpus && {gpus: task.gpus}),
  }
}

/** Throws `usage` for a name that a shell cannot export or a value with a NUL byte. */
export function checkEnvironment(environment: Record<string, string>): Record<string, string> {
  for (const [name, value] of Object.entries(environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new HelixError('usage', `${name} is not the name of an environment variable`, {code: 'ENV_NAME_INVALID'})
    if (value.includes('\0')) throw new HelixError('usage', `the value of ${name} contains a NUL byte`, {code: 'ENV_VALUE_INVALID'})
  }
  return environment
}
