import {setTimeout as delay} from 'node:timers/promises'
import {listenForWork} from '../data/wake-ups.js'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {untilPulse} from '../pulse.js'
import {TaskClaims} from '../tasks/claim-tasks.js'
import {type AttemptEnd, completeAttempts} from '../tasks/complete-attempts.js'
import type {RunningTask} from '../tasks/task.js'
import {getTasks} from '../tasks/task-queries.js'
import type {WorkerRow} from '../workers/worker.js'
import {WorkerHealth} from '../workers/worker-health.js'
import {listWorkers, rememberAttemptsRoot} from '../workers/worker-store.js'
import {failureOf} from './attempt-end.js'
import {AttemptSupervisor} from './attempt-supervisor.js'
import {adoptTasks, RENEW_SECONDS} from './coordinator-lease.js'
import type {CoordinatorOptions} from './coordinator-options.js'
import {Lease} from './lease.js'

const TICK_MS = 1000
/** However often it is woken. */
const ADOPT_MS = 1900
const LONGEST_STORE_PAUSE_MS = 10_000

/**
 * Places pending tasks on workers, stays with their attempts and stores how they end. Any number of coordinators may share
 * a store. A `foreground` one runs what it submitted itself, a `scheduler` what nobody living has submitted, and adopts.
 */
export class Coordinator {
  readonly #options: CoordinatorOptions
  readonly #lease: Lease
  readonly #supervisor: AttemptSupervisor
  readonly #health: WorkerHealth
  readonly #claims: TaskClaims
  // The workers of the attempts that it looks after.
  readonly #supervised = new Map<string, string>()
  #workers: {rows: readonly WorkerRow[]; readAt: number} = {rows: [], readAt: Number.NEGATIVE_INFINITY}
  #ends: AttemptEnd[] = []
  #flushing: Promise<void> | undefined
  #claiming = true
  #adoptedAt = Number.NEGATIVE_INFINITY
  readonly #stopping = new AbortController()
  #wake: () => void = () => {}
  #loops: Promise<unknown> = Promise.resolve()
  #fail: (error: unknown) => void = () => {}
  /** Rejects when it cannot go on, for a reason that will not pass. */
  readonly failed: Promise<never>

  private constructor(options: CoordinatorOptions, storeId: string, lease: Lease) {
    this.#options = options
    this.#lease = lease
    this.#claims = new TaskClaims(options.store)
    this.failed = new Promise((_, reject) => {
      this.#fail = (error) => {
        this.#stopping.abort()
        reject(error)
      }
    })
    this.failed.catch(() => {})
    this.#health = new WorkerHealth({
      store: options.store,
      connections: options.connections,
      logger: options.logger,
      hostId: options.hostId,
      intervalSeconds: options.healthCheckSeconds,
      scope: options.kind === 'scheduler' ? 'all' : 'connected',
      onRevived: () => {
        this.#workers.readAt = Number.NEGATIVE_INFINITY
        this.#wake()
      },
    })
    this.#supervisor = new AttemptSupervisor({
      storeId,
      connections: options.connections,
      spool: options.spool,
      logger: options.logger,
      helix: options.helix,
      // A foreground one is gone before a runtime has been sent, and its tasks would have to share the link.
      installer: options.kind === 'scheduler' ? options.installer : undefined,
      onCopy: options.onCopy,
      leaseSeconds: () => lease.secondsLeft,
      onStarted: async (claimed, root) => {
        await rememberAttemptsRoot(options.store, claimed.worker, root)
        options.events?.started?.(claimed)
      },
    })
  }

  /** Makes this process a coordinator and sets it to work. */
  static async start(options: CoordinatorOptions): Promise<Coordinator> {
    const coordinator = new Coordinator(options, await options.store.id(), await Lease.acquire(options))
    coordinator.#health.start()
    coordinator.#loops = Promise.all([
      coordinator.#dispatchLoop(),
      coordinator.#leaseLoop(),
      listenForWork(options.store, () => coordinator.#wake(), coordinator.#stopping.signal),
    ])
    return coordinator
  }

  /** The id under which it submits and owns tasks. */
  get id(): string {
    return this.#lease.id
  }

  /** How many attempts it is looking after. */
  get running(): number {
    return this.#supervised.size
  }

  /** Whether it looks after an attempt of this task. */
  isSupervising(taskId: string): boolean {
    return [...this.#supervised.keys()].some((key) => key.startsWith(`${taskId} `))
  }

  /** True once the store asked it to stop. */
  stopRequested = false

  /** True once it has looked for tasks to run and to adopt. */
  hasLooked = false

  /** Looks for work at once instead of at the next tick. */
  wake(): void {
    this.#wake()
  }

  /** Takes no more tasks. */
  stopClaiming(): void {
    this.#claiming = false
  }

  /** Ends a task that this coordinator runs, as soon as its worker confirms. */
  cancel(taskId: string): void {
    this.#supervisor.cancel(taskId)
  }

  /** Stops working. Attempts go on under their workers' own supervision and can be adopted at once. */
  async stop(): Promise<void> {
    this.#claiming = false
    this.#stopping.abort()
    await this.#health.stop()
    await this.#loops
    while (this.#flushing) await this.#flushing
    this.#supervisor.close()
    await this.#lease.release()
  }

  async #dispatchLoop(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await this.#withPatience('looking for tasks', async () => {
        if (this.#options.kind === 'scheduler') await this.#adopt()
        await this.#lookAfterOwn()
        while (this.#claiming && (await this.#dispatch()) > 0);
        this.hasLooked = true
      })
      await Promise.race([woken, this.#pause(untilPulse(TICK_MS))])
    }
  }

  async #leaseLoop(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#pause(RENEW_SECONDS * 1000)
      if (this.#stopping.signal.aborted) return
      await this.#withPatience('renewing the lease', async () => {
        await this.#lease.renew()
      })
    }
  }

  /** Claims what there is room for; resolves to how many tasks that was. */
  async #dispatch(): Promise<number> {
    const {hostId, kind, maxTasks, maxPerWorker} = this.#options
    const limit = maxTasks - this.#supervised.size
    if (limit < 1) return 0
    const workers = () => this.#activeWorkers()
    const scope = kind === 'foreground' ? 'own' : 'unowned'
    const claimed = await this.#claims.claim({coordinatorId: this.id, scope, hostId, workers, limit, maxPerWorker})
    for (const one of claimed) this.#supervise(one.task, this.#supervisor.run(one))
    return claimed.length
  }

  /** Read once a tick: a claim makes sure by itself that a worker is still active. */
  async #activeWorkers(): Promise<readonly WorkerRow[]> {
    if (performance.now() - this.#workers.readAt >= TICK_MS) {
      const workers = await listWorkers(this.#options.store, this.#options.hostId)
      this.#workers = {rows: workers.filter((worker) => worker.status === 'active'), readAt: performance.now()}
    }
    return this.#workers.rows
  }

  async #adopt(): Promise<void> {
    const {store, hostId} = this.#options
    if (performance.now() - this.#adoptedAt < ADOPT_MS) return
    await this.#takeOver(await adoptTasks(store, this.id, hostId))
    this.#adoptedAt = performance.now()
  }

  async #takeOver(tasks: readonly RunningTask[]): Promise<void> {
    const {store, hostId} = this.#options
    if (tasks.length === 0) return
    const workers = new Map((await listWorkers(store, hostId)).map((worker) => [worker.id, worker]))
    for (const task of tasks) {
      const worker = task.worker_id ? workers.get(task.worker_id) : undefined
      if (worker) this.#options.logger.info(`adopting task ${task.id} on ${worker.name}`)
      const end = worker ? this.#supervisor.adopt({task, worker}) : Promise.resolve(failureOf(task, 'unknown', 'its worker is no longer in the pool'))
      this.#supervise(task, end)
    }
  }

  async #lookAfterOwn(): Promise<void> {
    const {store} = this.#options
    const known = new Set(this.#supervised.keys())
    const found = await store.prepared<{stop_requested: boolean | number; id: string | null; attempt: number; cancel_requested_at: string | null}>(
      `SELECT c.stop_requested, t.id, t.attempt, t.cancel_requested_at FROM coordinators c
       LEFT JOIN tasks t ${store.sql.by('tasks_running_idx')} ON t.coordinator_id = c.id AND t.status = 'running' WHERE c.id = ?`,
      [this.id],
    )
    if (found[0]?.stop_requested) this.stopRequested = true
    const rows = found.flatMap(({id, ...row}) => (id === null ? [] : [{...row, id}]))
    for (const row of rows) if (row.cancel_requested_at) this.#supervisor.cancel(row.id)
    // Their claim was stored, but the connection that should have confirmed it was lost.
    const strays = rows.filter((row) => !known.has(keyOf(row.id, row.attempt)))
    if (strays.length > 0)
      await this.#takeOver(
        await getTasks(
          store,
          strays.map((row) => row.id),
        ),
      )
  }

  #supervise(task: RunningTask, end: Promise<AttemptEnd>): void {
    this.#supervised.set(keyOf(task.id, task.attempt), task.worker_id ?? '')
    void end.then((value) => {
      this.#ends.push(value)
      this.#flushing ??= this.#flush().finally(() => {
        this.#flushing = undefined
      })
    })
  }

  /** Stores all ends that have come in by now in one transaction, until there are none. */
  async #flush(): Promise<void> {
    while (this.#ends.length > 0) {
      // A turn of the event loop gathers the ends of attempts that were reported together.
      await delay(0)
      const ends = this.#ends
      this.#ends = []
      await this.#withPatience('storing results', async () => {
        const owner = this.id
        const {settled, refused} = await completeAttempts(this.#options.store, owner, ends)
        if (refused.length > 0) await this.#lease.renew()
        if (this.id !== owner) {
          const again = await completeAttempts(this.#options.store, this.id, refused)
          settled.push(...again.settled)
        }
        const keys = ends.map((end) => keyOf(end.taskId, end.attempt))
        this.#claims.noteEnds(keys.flatMap((key) => this.#supervised.get(key) ?? []))
        for (const key of keys) this.#supervised.delete(key)
        for (const end of ends) this.#options.events?.ended?.(end)
        this.#options.events?.settled?.(settled)
      })
      this.#wake()
    }
  }

  /** Repeats work while the store cannot be reached; a coordinator outlives its database's restarts. */
  async #withPatience(what: string, work: () => Promise<void>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (!isPassing(error)) return this.#fail(error)
        if (attempt === 0) this.#options.logger.warn(`${what}: ${messageOf(error)}`)
        if (this.#stopping.signal.aborted && attempt > 2) return
        await this.#pause(Math.min(LONGEST_STORE_PAUSE_MS, 200 * 2 ** attempt) * (0.5 + Math.random() / 2))
      }
    }
  }

  /** Waits, but no longer than until it is stopped. */
  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, {signal: this.#stopping.signal}).catch(() => {})
  }
}

function keyOf(taskId: string, attempt: number): string {
  return `${taskId} ${attempt}`
}

function isPassing(error: unknown): boolean {
  return HelixError.is(error) && (error.kind === 'unavailable' || error.kind === 'busy')
}
