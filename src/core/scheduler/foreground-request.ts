import {setTimeout as delay} from 'node:timers/promises'
import {HelixError} from '../errors/helix-error.js'
import {cancelTasks} from '../tasks/change-tasks.js'
import type {SettledTask} from '../tasks/complete-attempts.js'
import {explainNoWorker} from '../tasks/explain-pending.js'
import {createRequest, type NewRequest, type NewTask, submitTasks} from '../tasks/submit-tasks.js'
import type {TaskStatus} from '../tasks/task.js'
import {readTaskRow} from '../tasks/task-rows.js'
import {listWorkers} from '../workers/worker-store.js'
import {Coordinator} from './coordinator.js'
import {hasOrphans} from './coordinator-lease.js'
import type {CoordinatorEvents, CoordinatorOptions} from './coordinator-options.js'

const IDLE_MS = 1000
const LOOK_AT = 1000
/** How long the end of an attempt that is looked after here may come later than the store's word that its task is over. */
const LATE_END_MS = 10_000

export interface ForegroundOptions extends Omit<CoordinatorOptions, 'kind' | 'events'> {
  /** Names the request's spooled files, which are there before the first task is. */
  requestId: string
  /** As the store shows it, such as `task map`. */
  command: string
  /** Name of the project that its tasks belong to; `default` when absent. */
  project?: string | undefined
  restore?: NewRequest['restore']
  events?: CoordinatorEvents
  /** Sees to it that a scheduler adopts tasks whose coordinators are gone: they may hold the slots that this request waits for. */
  rescueOrphans: () => Promise<void>
}

/** A request whose tasks this process coordinates itself, from their submission to the end of the last one. */
export class ForegroundRequest {
  readonly #options: ForegroundOptions
  readonly #open = new Set<string>()
  readonly #ended = new Map<string, TaskStatus>()
  #coordinator!: Coordinator
  #wake: () => void = () => {}
  #explained = ''
  #lastProgress = performance.now()
  /** Tasks whose end the store knows while their attempt is still looked after here, and since when. */
  readonly #late = new Map<string, number>()
  /** True once its tasks are to end. */
  isCancelled = false
  #announceCancel: () => void = () => {}
  /** Resolves when `cancel` is called. */
  readonly cancelled = new Promise<void>((resolve) => {
    this.#announceCancel = resolve
  })

  private constructor(options: ForegroundOptions) {
    this.#options = options
  }

  /** Makes this process a coordinator and stores the request; tasks are then added with `submit`. */
  static async start(options: ForegroundOptions): Promise<ForegroundRequest> {
    const request = new ForegroundRequest(options)
    const events: CoordinatorEvents = {
      ...options.events,
      settled: (tasks) => {
        request.#settle(tasks)
        options.events?.settled?.(tasks)
      },
    }
    request.#coordinator = await Coordinator.start({...options, kind: 'foreground', events})
    await createRequest(options.store, {id: options.requestId, command: options.command, hostId: options.hostId, project: options.project})
    return request
  }

  /**
   * Queues tasks and sets them going. Resolves, once they are durable, to their ids. One whose idempotency key the store has
   * already yields the earlier task's id; that task is not this request's to run or to wait for.
   */
  async submit(tasks: readonly NewTask[]): Promise<string[]> {
    const {store, requestId: id, command, hostId, project, restore} = this.#options
    const ids = await submitTasks(store, {id, command, hostId, project, restore, submitterId: this.#coordinator.id}, tasks)
    tasks.forEach((task, index) => {
      if (ids[index] === task.id && !this.#ended.has(task.id)) this.#open.add(task.id)
    })
    this.#lastProgress = performance.now()
    this.#coordinator.wake()
    if (this.isCancelled) await this.cancel()
    return ids
  }

  /** Resolves to the status of every task once all have ended. Rejects `unavailable`, cancelling what is left, when no worker can ever take it. */
  async wait(): Promise<ReadonlyMap<string, TaskStatus>> {
    while (this.#open.size > 0) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([woken, delay(IDLE_MS), this.#coordinator.failed])
      if (performance.now() - this.#lastProgress < IDLE_MS) continue
      await this.#look()
    }
    return this.#ended
  }

  /** Tasks that have not ended. */
  get open(): number {
    return this.#open.size
  }

  /** Asks for the end of all tasks that have not ended; `wait` then resolves when their workers have confirmed it. */
  async cancel(): Promise<void> {
    this.isCancelled = true
    this.#announceCancel()
    const ids = [...this.#open]
    const settled = await cancelTasks(this.#options.store, ids)
    this.#settle(settled)
    for (const id of ids) this.#coordinator.cancel(id)
  }

  /** Lets go of the coordinator; what still runs goes on and can be adopted. */
  async close(): Promise<void> {
    await this.#coordinator.stop()
  }

  #settle(tasks: readonly SettledTask[]): void {
    for (const {id, status} of tasks) {
      if (this.#open.delete(id)) this.#ended.set(id, status)
    }
    this.#lastProgress = performance.now()
    this.#wake()
  }

  // Another coordinator may have stored the end of a task that this one, asleep meanwhile, still looks after: what it
  // printed is copied when the attempt's end is met here too.
  #isOver(taskId: string): boolean {
    if (!this.#coordinator.isSupervising(taskId)) return true
    const since = this.#late.get(taskId) ?? performance.now()
    this.#late.set(taskId, since)
    return performance.now() - since > LATE_END_MS
  }

  /** Nothing has ended for a while: others may have cancelled tasks, or no worker may be able to take them. */
  async #look(): Promise<void> {
    const {store, hostId, logger} = this.#options
    const open = [...this.#open].slice(0, LOOK_AT)
    const marks = open.map(() => '?').join(', ')
    const rows = await store.query<{id: string; status: TaskStatus}>(
      `SELECT id, status FROM tasks WHERE id IN (${marks}) AND status NOT IN ('pending', 'running')`,
      open,
    )
    const over = rows.filter((row) => this.#isOver(row.id))
    if (over.length > 0) return this.#settle(over)
    if (this.#coordinator.running > 0) return
    const [row] = await store.query(`SELECT * FROM tasks WHERE submitter_id = ? AND status = 'pending' AND blocked_by = 0 ORDER BY seq LIMIT 1`, [
      this.#coordinator.id,
    ])
    if (!row) return
    const reason = explainNoWorker(readTaskRow(store.sql, row).requirements, await listWorkers(store, hostId))
    if (!reason) {
      if (await hasOrphans(store, hostId)) await this.#options.rescueOrphans()
      return
    }
    if (reason.hopeless) {
      await this.cancel()
      throw new HelixError('unavailable', reason.text, {code: 'NO_WORKER', hint: 'See the workers with: helix worker list'})
    }
    if (reason.text !== this.#explained) logger.warn(`waiting: ${reason.text}`)
    this.#explained = reason.text
  }
}
