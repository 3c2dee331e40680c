import {randomUUID} from 'node:crypto'
import type {Readable} from 'node:stream'
import type {ForegroundRequest} from '../scheduler/foreground-request.js'
import {buildShellTask, checkCommand, type TaskOptions} from '../tasks/build-tasks.js'
import {retryTasks} from '../tasks/change-tasks.js'
import type {SettledTask} from '../tasks/complete-attempts.js'
import {readItems} from '../tasks/read-items.js'
import type {NewTask} from '../tasks/submit-tasks.js'
import {getTasks, type TaskWithAttempt} from '../tasks/task-queries.js'
import {fillTemplate} from '../tasks/task-template.js'
import {toArgument} from '../workers/shell-quote.js'
import {finishEarlierTasks} from './finish-earlier-tasks.js'
import {collectEnded, printEnded} from './foreground-output.js'
import {Joblog} from './joblog.js'
import {OrderedPrinter} from './ordered-printer.js'
import {placeRequest, spoolSecrets} from './prepare-request.js'
import type {RequestContext, TaskOutput} from './request-context.js'
import {startForeground, submitDetached} from './submit-request.js'

export interface MapTasksOptions {
  /** Program and arguments, with `{}` and `{#}`. */
  template: readonly string[]
  items: Readable
  /** NUL instead of newline ends an item. */
  nullSeparated: boolean
  task: TaskOptions
  environment: Record<string, string>
  caller: NodeJS.ProcessEnv
  callerFolder: string
  detached: boolean
  maxPerWorker?: number | undefined
  /** Print in the order of the items instead of that of their ends. */
  keepOrder: boolean
  /** File that gets a line for each ended task. */
  joblog?: string | undefined
  /** Leave out what the joblog has, and queue nothing a second time. */
  resume: boolean
  /** Where the tasks' output goes, grouped by task; nowhere when absent. */
  output?: TaskOutput | undefined
  onRequest?: (request: ForegroundRequest) => void
}

/** Runs one task for each item of a stream; items are queued as they come. Resolves to the tasks, in the order of the items. */
export async function mapTasks(context: RequestContext, options: MapTasksOptions): Promise<TaskWithAttempt[]> {
  const {detached} = options
  checkCommand(options.template)
  const requestId = randomUUID()
  const complete = await placeRequest(context, {spooled: Object.keys(options.environment).length > 0, detached})
  const requirements = complete(options.task.requirements)
  const cwd = options.task.cwd ?? (requirements.local ? options.callerFolder : undefined)
  await spoolSecrets(context, requestId, {environment: options.environment, caller: requirements.local ? options.caller : undefined})
  const joblog = options.joblog === undefined ? undefined : await Joblog.open(options.joblog, options.resume)
  const batches = numberItems(readItems(options.items, options.nullSeparated ? 0 : 10), (item, number) => {
    if (joblog?.done.has(number)) return undefined
    const ownKey = options.task.idempotencyKey === undefined ? undefined : `${options.task.idempotencyKey}/${number}`
    const task = {...options.task, requirements, cwd, idempotencyKey: joblog?.keyOf(number) ?? ownKey}
    return buildShellTask(fillTemplate(options.template, item, number), task, {item: toArgument(item), number})
  })
  if (detached) return getTasks(context.store, await submitDetached(context, requestId, 'task map', batches))

  const printer = new OrderedPrinter(options.keepOrder, async (ended) => {
    if (options.output) await printEnded(ended, options.output)
  })
  const collected = collectEnded(context, (ended) => printer.add(ended))
  let logged: Promise<unknown> = Promise.resolve()
  const settled = (tasks: readonly SettledTask[]) => {
    if (joblog) logged = logged.then(() => logEnded(context, joblog, tasks))
  }
  const request = await startForeground(context, requestId, 'task map', {...collected.events, settled}, options.maxPerWorker)
  const ids: string[] = []
  const earlier: string[] = []
  const submitAll = async () => {
    for await (const tasks of batches) {
      if (request.isCancelled) return
      const queued = await request.submit(tasks)
      ids.push(...queued)
      earlier.push(...queued.filter((id, index) => id !== tasks[index]?.id))
    }
  }
  try {
    options.onRequest?.(request)
    await Promise.race([submitAll(), request.cancelled])
    await request.wait()
    await collected.done()
    await printer.flush()
    if (!request.isCancelled) {
      await reviveCancelled(context, earlier)
      await finishEarlierTasks(context, earlier, options.output, (task) => joblog?.add(task))
    }
    await logged
    return await getTasks(context.store, ids)
  } finally {
    await request.close()
  }
}

/** Makes a task of each item that `build` wants, with the item's number from 1. */
async function* numberItems(items: AsyncIterable<Buffer[]>, build: (item: Buffer, number: number) => NewTask | undefined): AsyncGenerator<NewTask[]> {
  let number = 0
  for await (const batch of items) {
    yield batch.flatMap((item) => {
      number += 1
      return build(item, number) ?? []
    })
  }
}

/** An interrupt cancelled what had not ended; a run that goes on with it wants it done. */
async function reviveCancelled({store}: RequestContext, ids: readonly string[]): Promise<void> {
  const cancelled = (await getTasks(store, ids)).filter((task) => task.status === 'cancelled').map((task) => task.id)
  if (cancelled.length > 0) await retryTasks(store, cancelled)
}

async function logEnded({store}: RequestContext, joblog: Joblog, settled: readonly SettledTask[]): Promise<void> {
  const ended = settled.filter((task) => task.status !== 'cancelled').map((task) => task.id)
  for (const task of await getTasks(store, ended)) await joblog.add(task)
}
