import {randomUUID} from 'node:crypto'
import type {Readable} from 'node:stream'
import type {ForegroundRequest} from '../scheduler/foreground-request.js'
import {buildShellTask, type TaskOptions} from '../tasks/build-tasks.js'
import {readItems} from '../tasks/read-items.js'
import {getTasks, type TaskWithAttempt} from '../tasks/task-queries.js'
import {fillTemplate} from '../tasks/task-template.js'
import {toArgument} from '../workers/shell-quote.js'
import {collectEnded, type EndedOutput, printEnded} from './foreground-output.js'
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
  /** Where the tasks' output goes, grouped by task; nowhere when absent. */
  output?: TaskOutput | undefined
  onRequest?: (request: ForegroundRequest) => void
}

/** Runs one task for each item of a stream; items are queued as they come. Resolves to the tasks, in the order of the items. */
export async function mapTasks(context: RequestContext, options: MapTasksOptions): Promise<TaskWithAttempt[]> {
  const {detached} = options
  const requestId = randomUUID()
  const complete = await placeRequest(context, {spooled: Object.keys(options.environment).length > 0, detached})
  const requirements = complete(options.task.requirements)
  const cwd = options.task.cwd ?? (requirements.local ? options.callerFolder : undefined)
  await spoolSecrets(context, requestId, {environment: options.environment, caller: requirements.local ? options.caller : undefined})
  let number = 0
  const batches = async function* () {
    for await (const items of readItems(options.items, options.nullSeparated ? 0 : 10)) {
      yield items.map((item) => {
        number += 1
        return buildShellTask(fillTemplate(options.template, item, number), {...options.task, requirements, cwd}, {item: toArgument(item), number})
      })
    }
  }
  if (detached) return getTasks(context.store, await submitDetached(context, requestId, 'task map', batches()))
  const printer = inOrder(options.keepOrder, async (ended) => {
    if (options.output) await printEnded(ended, options.output)
  })
  const collected = collectEnded(context, printer)
  const request = await startForeground(context, requestId, 'task map', collected.events, options.maxPerWorker)
  try {
    options.onRequest?.(request)
    const ids: string[] = []
    for await (const tasks of batches()) ids.push(...(await request.submit(tasks)))
    await request.wait()
    await collected.done()
    return await getTasks(context.store, ids)
  } finally {
    await request.close()
  }
}

/** With `keepOrder`, holds back what ends before its turn. */
function inOrder(keepOrder: boolean, print: (ended: EndedOutput) => Promise<void>): (ended: EndedOutput) => Promise<void> {
  if (!keepOrder) return print
  const held = new Map<number, EndedOutput>()
  let next = 1
  return async (ended) => {
    held.set(ended.claimed.task.input.item_number ?? 0, ended)
    for (let ready = held.get(next); ready; ready = held.get(next)) {
      held.delete(next)
      next += 1
      await print(ready)
    }
  }
}
