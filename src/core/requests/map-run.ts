import type {CoordinatorEvents} from '../scheduler/coordinator-options.js'
import type {ForegroundRequest} from '../scheduler/foreground-request.js'
import type {SettledTask} from '../tasks/complete-attempts.js'
import type {NewRequest, NewTask} from '../tasks/submit-tasks.js'
import {getTasks, type TaskWithAttempt} from '../tasks/task-queries.js'
import {reviveCancelled, waitForEarlier} from './finish-earlier-tasks.js'
import {Halt} from './halt.js'
import type {Joblog} from './joblog.js'
import {groupOutput, lineOutput, type MapOutput, NO_OUTPUT} from './map-output.js'
import {MapTally} from './map-tally.js'
import type {MappedTasks, MapTasksOptions} from './map-tasks.js'
import {readEnded} from './read-ended.js'
import type {RequestContext} from './request-context.js'
import {stopStarting} from './stop-starting.js'
import {startForeground} from './submit-request.js'

export interface MapParts {
  batches: AsyncIterable<NewTask[]>
  joblog: Joblog | undefined
  /** What stands before each line of an item's output; taken out when it is printed. */
  tags: Map<number, Buffer>
  restore: NewRequest['restore']
}

/** A `task map` in the foreground, from its first item to its last output. */
export class MapRun {
  readonly #context: RequestContext
  readonly #requestId: string
  readonly #options: MapTasksOptions
  readonly #parts: MapParts
  readonly #tally = new MapTally()
  readonly #halt: Halt | undefined
  readonly #output: MapOutput
  readonly #ids: string[] = []
  /** Of tasks that an earlier run under the same joblog or idempotency key has queued. */
  readonly #earlier: string[] = []
  readonly #numbers = new Map<string, number>()
  #submitting: Promise<unknown> = Promise.resolve()
  #logged: Promise<unknown> = Promise.resolve()
  #announceHalt: () => void = () => {}
  readonly #halted = new Promise<void>((resolve) => {
    this.#announceHalt = resolve
  })

  constructor(context: RequestContext, requestId: string, options: MapTasksOptions, parts: MapParts) {
    this.#context = context
    this.#requestId = requestId
    this.#options = options
    this.#parts = parts
    this.#halt = options.halt && new Halt(options.halt)
    this.#output = this.#openOutput()
  }

  /** Runs it to its end. */
  async run(): Promise<MappedTasks> {
    const events = together(this.#tally.events, this.#output.events, {settled: (tasks) => this.#note(tasks)})
    const {maxPerWorker} = this.#options
    const request = await startForeground(this.#context, this.#requestId, 'task map', events, {maxPerWorker, restore: this.#parts.restore})
    try {
      this.#options.onStart?.(request, this.#tally)
      await Promise.race([this.#submitAll(request), request.cancelled, this.#halted])
      await this.#submitting
      // Before it is asked whether it is halted: the last one may have ended meanwhile.
      if (!this.#halt?.isReached) await Promise.race([request.wait(), this.#halted])
      const failed = request.isCancelled ? await this.#countFailed(request) : await this.#finish(request)
      await this.#logged
      await this.#output.done()
      const exit = request.isCancelled && !this.#halt?.isReached ? undefined : await this.#exit()
      const tasks = this.#options.output ? [] : await getTasks(this.#context.store, this.#ids)
      return {ids: this.#ids, tasks, failed, ...(exit !== undefined && {exit})}
    } catch (error) {
      if (request.open > 0) await request.cancel()
      throw error
    } finally {
      await request.close()
    }
  }

  async #submitAll(request: ForegroundRequest): Promise<void> {
    for await (const tasks of this.#parts.batches) {
      if (request.isCancelled || this.#halt?.isReached) return
      this.#tally.total += tasks.length
      if (this.#options.keepOrder) for (const {id, input} of tasks) this.#numbers.set(id, input.item_number ?? 0)
      const submitted = request.submit(tasks)
      this.#submitting = submitted.catch(() => {})
      const queued = await submitted
      this.#ids.push(...queued)
      this.#earlier.push(...queued.filter((id, index) => id !== tasks[index]?.id))
    }
    this.#tally.isWhole = true
    this.#halt?.setTotal(this.#tally.total)
    if (this.#halt?.isReached) this.#announceHalt()
  }

  /** Takes note of tasks that are over. */
  #note(settled: readonly SettledTask[]): void {
    for (const {id} of settled) {
      this.#output.passed(this.#numbers.get(id) ?? 0)
      this.#numbers.delete(id)
    }
    for (const task of settled) this.#halt?.add(task)
    if (this.#halt?.isReached) this.#announceHalt()
    this.#log(settled)
  }

  #log(settled: readonly SettledTask[]): void {
    const {joblog} = this.#parts
    if (!joblog) return
    const ids = settled.filter((task) => task.status !== 'cancelled').map((task) => task.id)
    this.#logged = this.#logged.then(async () => joblog.add(await readEnded(this.#context.store, ids)))
    // Whoever waits for it sees its rejection; until then it must not count as unhandled.
    this.#logged.catch(() => {})
  }

  /** Sees to what is left once nobody has interrupted; resolves to how many tasks did not complete. */
  async #finish(request: ForegroundRequest): Promise<number> {
    if (this.#halt?.isReached) return this.#stop(request, this.#halt)
    await reviveCancelled(this.#context, this.#earlier)
    const earlier = await waitForEarlier(this.#context, this.#earlier)
    for (const task of earlier) this.#output.addEarlier(task)
    this.#tally.settle(earlier)
    for (const task of earlier) this.#halt?.add(task)
    this.#log(earlier)
    return (await this.#countFailed(request)) + earlier.filter((task) => task.status !== 'completed').length
  }

  async #stop(request: ForegroundRequest, halt: Halt): Promise<number> {
    const {logger, store} = this.#context
    if (halt.policy.when === 'now') {
      logger.warn(`${halt.reason}: cancelling what runs, starting no more`)
      await request.cancel()
      return this.#countFailed(request)
    }
    logger.warn(`${halt.reason}: starting no more${this.#tally.running > 0 ? `, waiting for ${this.#tally.running} to end` : ''}`)
    await stopStarting(store, this.#requestId)
    return this.#tally.failed
  }

  async #countFailed(request: ForegroundRequest): Promise<number> {
    return [...(await request.wait()).values()].filter((status) => status !== 'completed').length
  }

  async #exit(): Promise<TaskWithAttempt | number | undefined> {
    const exit = this.#halt?.exit
    if (!exit || 'code' in exit) return exit?.code
    const [task] = await readEnded(this.#context.store, [exit.taskId])
    return task
  }

  #openOutput(): MapOutput {
    const {output, keepOrder, lineBuffer} = this.#options
    const {joblog, tags} = this.#parts
    if (!output) return NO_OUTPUT
    const tagOf = (number: number) => {
      const tag = tags.get(number)
      tags.delete(number)
      return tag
    }
    const open = lineBuffer ? lineOutput : groupOutput
    return open(this.#context, {output, tagOf, keepOrder, isLeftOut: (number) => joblog?.isSkipped(number) === true})
  }
}

/** Several listeners as one. */
function together(...listeners: readonly CoordinatorEvents[]): CoordinatorEvents {
  return {
    started: (claimed) => {
      for (const listener of listeners) listener.started?.(claimed)
    },
    ended: (end) => {
      for (const listener of listeners) listener.ended?.(end)
    },
    settled: (tasks) => {
      for (const listener of listeners) listener.settled?.(tasks)
    },
  }
}
