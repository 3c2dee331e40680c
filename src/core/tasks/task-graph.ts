import {readFile} from 'node:fs/promises'
import {extname} from 'node:path'
import {formatPath} from '../config/config-path.js'
import {lineOf} from '../config/document-limits.js'
import {parseJson} from '../config/parse-json.js'
import {parseYaml} from '../config/parse-yaml.js'
import type {SchemaNode} from '../config/schema-nodes.js'
import {type ConfigProblem, validateValue} from '../config/validate-value.js'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {compileSchema} from '../providers/json-schema.js'
import {type ModelNames, resolveRoute} from '../providers/model-route.js'
import {EFFORTS} from '../providers/provider.js'
import {FAILURE_KINDS, type FailureKind, NEED_CONDITIONS, type NeedCondition, ON_LOST, type OnLost, type TaskQuestion, type TaskType} from './task.js'

/** One task of a graph file. Durations are text such as `10m`, memory such as `2GB`. */
export interface GraphTask extends Partial<TaskQuestion> {
  /** `shell` where absent. */
  type?: TaskType
  /** Program and arguments; no shell reads them. */
  command?: string[]
  /** A script for `sh -c`, instead of `command`. */
  run?: string
  /** Names of tasks, some perhaps with a condition of their own. */
  needs?: (string | {task: string; when?: NeedCondition})[]
  /** How the needed tasks must end, where `needs` does not say: `success` where absent. */
  when?: NeedCondition
  /** Not before this time, or so long after it was queued. */
  at?: string
  delay?: string
  env?: Record<string, string>
  cwd?: string
  worker?: string
  capabilities?: string[]
  labels?: Record<string, string>
  cpus?: number
  memory?: string
  gpus?: number
  priority?: number
  timeout?: string
  retries?: number
  retry_on?: FailureKind[]
  on_lost?: OnLost
  lost_after?: string
  /** PATH or PATH:DEST. */
  upload?: string[]
  download?: string[]
}

/** Tasks by name and what they need of each other. */
export interface TaskGraph {
  tasks: Record<string, GraphTask>
}

const text = {type: 'string', minLength: 1} as const
const words = {type: 'array', items: text} as const

/** What only tasks of one type have. */
const OWN_KEYS: Record<TaskType, readonly (keyof GraphTask)[]> = {
  shell: ['command', 'run', 'upload', 'download'],
  llm: ['model', 'fallbacks', 'prompt', 'system', 'schema', 'reasoning', 'max_tokens', 'max_cost', 'temperature'],
}

/** What a graph file may hold. */
const graphSchema: SchemaNode = {
  type: 'object',
  additionalProperties: false,
  required: ['tasks'],
  properties: {
    tasks: {
      type: 'object',
      propertyNames: {pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', description: 'letters, digits, dots, dashes and underscores, at most 63'},
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        properties: {
          type: {type: 'string', enum: ['shell', 'llm']},
          command: words,
          run: text,
          model: text,
          prompt: text,
          system: text,
          schema: {type: 'object', additionalProperties: true},
          reasoning: {type: 'string', enum: EFFORTS},
          fallbacks: words,
          max_tokens: {type: 'integer', minimum: 1},
          max_cost: {type: 'number', minimum: 0},
          temperature: {type: 'number', minimum: 0, maximum: 2},
          needs: {type: 'array'},
          when: {type: 'string', enum: NEED_CONDITIONS},
          at: text,
          delay: text,
          env: {type: 'object', additionalProperties: {type: 'string'}},
          cwd: text,
          worker: text,
          capabilities: words,
          labels: {type: 'object', additionalProperties: {type: 'string'}},
          cpus: {type: 'integer', minimum: 1},
          memory: text,
          gpus: {type: 'integer', minimum: 1},
          priority: {type: 'integer', minimum: -1000, maximum: 1000},
          timeout: text,
          retries: {type: 'integer', minimum: 0, maximum: 100},
          retry_on: {type: 'array', items: {type: 'string', enum: FAILURE_KINDS}},
          on_lost: {type: 'string', enum: ON_LOST},
          lost_after: text,
          upload: words,
          download: words,
        },
      },
    },
  },
}

/** A need with a condition of its own; most are a name alone. */
const needSchema: SchemaNode = {
  type: 'object',
  additionalProperties: false,
  required: ['task'],
  properties: {task: text, when: {type: 'string', enum: NEED_CONDITIONS}},
}

/** What a task needs, each with its condition. */
export function needsOf({needs = [], when = 'success'}: GraphTask): {task: string; when: NeedCondition}[] {
  return needs.map((need) => (typeof need === 'string' ? {task: need, when} : {task: need.task, when: need.when ?? when}))
}

/** Reads a graph from a YAML or JSON file, whose models may be named by `aliases`. Throws `usage`, in one line, for whatever is wrong with it. */
export async function readTaskGraph(file: string, aliases: ModelNames['aliases'] = {}): Promise<TaskGraph> {
  let source: string
  try {
    source = await readFile(file, 'utf8')
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw graphError(file, missing ? 'there is no such file' : messageOf(error), error)
  }
  let value: unknown
  try {
    value = extname(file) === '.json' ? parseJson(source) : await parseYaml(source)
  } catch (error) {
    throw graphError(`${file}${lineOf(source, error)}`, messageOf(error), error)
  }
  const problem = validateValue(value, graphSchema)[0] ?? validateNeeds(value as TaskGraph)[0]
  if (problem) throw graphError(file, `${formatPath(problem.path) || 'it'} ${problem.message}`)
  const graph = value as TaskGraph
  checkGraph(file, graph)
  for (const [name, task] of Object.entries(graph.tasks)) await checkQuestion(file, name, task, aliases)
  return graph
}

/** The tasks so that each comes after those it needs. Throws `usage` naming the cycle when there is no such order. */
export function sortGraph(graph: TaskGraph): string[] {
  const order: string[] = []
  const done = new Set<string>()
  const visit = (name: string, path: string[]) => {
    if (done.has(name)) return
    if (path.includes(name)) {
      const cycle = [...path.slice(path.indexOf(name)), name].join(' → ')
      throw new HelixError('usage', `the tasks need each other in a circle: ${cycle}`, {code: 'GRAPH_CYCLE'})
    }
    for (const need of needsOf(graph.tasks[name] as GraphTask)) visit(need.task, [...path, name])
    done.add(name)
    order.push(name)
  }
  for (const name of Object.keys(graph.tasks)) visit(name, [])
  return order
}

function checkGraph(file: string, graph: TaskGraph): void {
  const names = Object.keys(graph.tasks)
  if (names.length === 0) throw graphError(file, 'there is no task in it')
  for (const [name, task] of Object.entries(graph.tasks)) {
    checkType(file, name, task)
    const needs = needsOf(task).map((need) => need.task)
    const unknown = needs.find((need) => !Object.hasOwn(graph.tasks, need))
    if (unknown) throw graphError(file, `tasks.${name} needs ${unknown}, which is not in the file`)
    if (new Set(needs).size < needs.length) throw graphError(file, `tasks.${name}.needs names a task twice`)
    if (task.at !== undefined && task.delay !== undefined) throw graphError(file, `tasks.${name} has both at and delay`)
  }
  sortGraph(graph)
}

function validateNeeds({tasks}: TaskGraph): ConfigProblem[] {
  return Object.entries(tasks).flatMap(([name, {needs = []}]) =>
    needs.flatMap((need, index) => validateValue(need, typeof need === 'object' ? needSchema : text, ['tasks', name, 'needs', String(index)])),
  )
}

/** Throws `usage` for a question that could not be asked. */
async function checkQuestion(file: string, name: string, {model, fallbacks = [], schema}: GraphTask, aliases: ModelNames['aliases']): Promise<void> {
  try {
    if (model !== undefined) resolveRoute(model, fallbacks, {aliases, fallbacks: {}})
    if (schema) await compileSchema(schema)
  } catch (error) {
    throw HelixError.is(error) ? graphError(file, `tasks.${name}: ${error.message}`, error) : error
  }
}

function checkType(file: string, name: string, task: GraphTask): void {
  const {type = 'shell'} = task
  const foreign = OWN_KEYS[type === 'shell' ? 'llm' : 'shell'].find((key) => task[key] !== undefined)
  if (foreign) throw graphError(file, `tasks.${name}.${foreign} is not for a task of type ${type}`)
  if (type === 'llm') {
    if (task.worker !== undefined && task.worker !== 'local') throw graphError(file, `tasks.${name} asks a model, which only the worker local does`)
    if (!task.model || !task.prompt) throw graphError(file, `tasks.${name} must have a model and a prompt`)
    return
  }
  if ((task.command === undefined) === (task.run === undefined)) throw graphError(file, `tasks.${name} must have either command or run`)
  if (task.command?.length === 0) throw graphError(file, `tasks.${name}.command is empty`)
}

function graphError(place: string, message: string, cause?: unknown): HelixError {
  return new HelixError('usage', `${place}: ${message}`, {code: 'GRAPH_INVALID', cause})
}
