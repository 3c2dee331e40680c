import {randomUUID} from 'node:crypto'
import type {Readable} from 'node:stream'
import type {ForegroundRequest} from '../scheduler/foreground-request.js'
import {buildShellTask, checkCommand, type TaskOptions} from '../tasks/build-tasks.js'
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
  checkCommand(options.template)
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
  const printer = new OrderedPrinter(options.keepOrder, async (ended) => {
    if (options.output) await printEnded(ended, options.output)
  })
  const collected = collectEnded(context, (ended) => printer.add(ended))
  const request = await startForeground(context, requestId, 'task map', collected.events, options.maxPerWorker)
  const ids: string[] = []
  const submitAll = async () => {
    for await (const tasks of batches()) {
      if (request.isCancelled) return
      ids.push(...(await request.submit(tasks)))
    }
  }
  try {
    options.onRequest?.(request)
    await Promise.race([submitAll(), request.cancelled])
    await request.wait()
    await collected.done()
    await printer.flush()
    return await getTasks(context.store, ids)
  } finally {
    await request.close()
  }
}

/** Prints what ended tasks have printed; in the order of the items, it holds back what ends before its turn. */
class OrderedPrinter {
  readonly #keepOrder: boolean
  readonly #print: (ended: EndedOutput) => Promise<void>
  readonly #held = new Map<number, EndedOutput>()
  #next = 1

  constructor(keepOrder: boolean, print: (ended: EndedOutput) => Promise<void>) {
    this.#keepOrder = keepOrder
    this.#print = print
  }

  async add(ended: EndedOutput): Promise<void> {
    if (!this.#keepOrder) return this.#print(ended)
    this.#held.set(ended.claimed.task.input.item_number ?? 0, ended)
    for (let ready = this.#held.get(this.#next); ready; ready = this.#held.get(this.#next)) {
      this.#held.delete(this.#next)
      this.#next += 1
      await this.#print(ready)
    }
  }

  /** Prints what waits for items that will never end, such as those cancelled before they started. */
  async flush(): Promise<void> {
    for (const [, ended] of [...this.#held].sort(([a], [b]) => a - b)) await this.#print(ended)
    this.#held.clear()
  }
}
