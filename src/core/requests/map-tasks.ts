import {randomUUID} from 'node:crypto'
import type {ForegroundRequest} from '../scheduler/foreground-request.js'
import {buildShellTask, checkCommand, type TaskOptions} from '../tasks/build-tasks.js'
import {consecutiveIds} from '../tasks/consecutive-ids.js'
import type {Item} from '../tasks/read-items.js'
import {getTasks, type TaskWithAttempt} from '../tasks/task-queries.js'
import {fillTemplate, fillText, joinColumns} from '../tasks/task-template.js'
import {toArgument} from '../workers/shell-quote.js'
import type {HaltPolicy} from './halt.js'
import {Joblog, type ResumeMode} from './joblog.js'
import {MapRun} from './map-run.js'
import type {MapTally} from './map-tally.js'
import {placeRequest, spoolSecrets} from './prepare-request.js'
import type {RequestContext, TaskOutput} from './request-context.js'
import {submitDetached} from './submit-request.js'

export interface MapTasksOptions {
  /** Program and arguments, with replacement strings. */
  template: readonly string[]
  items: AsyncIterable<readonly Item[]>
  task: TaskOptions
  environment: Record<string, string>
  caller: NodeJS.ProcessEnv
  callerFolder: string
  detached: boolean
  maxPerWorker?: number | undefined
  /** Print in the order of the items instead of that of their ends. */
  keepOrder: boolean
  /** Print lines as they come instead of each task's output in one piece. */
  lineBuffer: boolean
  /** With replacement strings; stands before each line of output. */
  tag?: string | undefined
  halt?: HaltPolicy | undefined
  /** File that gets a line for each ended task. */
  joblog?: string | undefined
  resume: ResumeMode
  /** Where the tasks' output goes; nowhere when absent, and then the tasks are in the result with it. */
  output?: TaskOutput | undefined
  onStart?: (request: ForegroundRequest, tally: MapTally) => void
}

export interface MappedTasks {
  /** In the order of the items. */
  ids: string[]
  /** The same tasks with the tails of their output, where it went nowhere else. */
  tasks: TaskWithAttempt[]
  /** How many did not complete. */
  failed: number
  /** With a halt policy, unless somebody interrupted: the task or the number that the exit code comes from. */
  exit?: TaskWithAttempt | number
}

/** Runs one task for each item; items are queued as they come. */
export async function mapTasks(context: RequestContext, options: MapTasksOptions): Promise<MappedTasks> {
  const requestId = randomUUID()
  const {task, restore} = await prepareTask(context, requestId, options)
  const joblog = options.joblog === undefined ? undefined : await Joblog.open(options.joblog, options.resume)
  const tags = new Map<number, Buffer>()
  const newId = consecutiveIds()
  const batches = numberItems(options.items, (item, number) => {
    if (joblog?.isSkipped(number)) return undefined
    if (options.tag !== undefined && options.output) tags.set(number, Buffer.concat([fillText(options.tag, item, number), Buffer.from('\t')]))
    const ownKey = task.idempotencyKey === undefined ? undefined : `${task.idempotencyKey}/${number}`
    const own = {...task, id: newId(), idempotencyKey: joblog?.keyOf(number) ?? ownKey}
    return buildShellTask(fillTemplate(options.template, item, number), own, {item: toArgument(joinColumns(item)), number})
  })
  if (options.detached) {
    const ids = await submitDetached(context, requestId, 'task map', batches, restore)
    return {ids, tasks: options.output ? [] : await getTasks(context.store, ids), failed: 0}
  }
  return new MapRun(context, requestId, options, {batches, joblog, tags, restore}).run()
}

/** What is the same for all tasks of the request. */
async function prepareTask(context: RequestContext, requestId: string, options: MapTasksOptions): Promise<{task: TaskOptions; restore: () => Promise<void>}> {
  const {environment, detached, task} = options
  checkCommand(options.template)
  const complete = await placeRequest(context, {asked: [task.requirements], spooled: Object.keys(environment).length > 0, detached})
  const requirements = complete(task.requirements)
  const spool = () => spoolSecrets(context, requestId, {environment, caller: requirements.local ? options.caller : undefined})
  await spool()
  return {task: {...task, requirements, cwd: task.cwd ?? (requirements.local ? options.callerFolder : undefined)}, restore: spool}
}

/** Makes something of each item that `build` wants, with the item's number from 1. */
export async function* numberItems<T>(items: AsyncIterable<readonly Item[]>, build: (item: Item, number: number) => T | undefined): AsyncGenerator<T[]> {
  let number = 0
  for await (const batch of items) {
    yield batch.flatMap((item) => {
      number += 1
      return build(item, number) ?? []
    })
  }
}
