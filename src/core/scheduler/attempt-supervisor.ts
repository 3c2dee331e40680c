import {createReadStream} from 'node:fs'
import {setTimeout as delay} from 'node:timers/promises'
import {messageOf} from '../errors/helix-error.js'
import type {Logger} from '../logger.js'
import type {ClaimedTask} from '../tasks/claim-tasks.js'
import type {AttemptEnd} from '../tasks/complete-attempts.js'
import type {Spool} from '../tasks/spool.js'
import type {TaskRow} from '../tasks/task.js'
import {type AttemptName, type AttemptOrder, collectAttempt, keepStdin, killAttempt, type StartedAttempt, startAttempt} from '../workers/attempt-protocol.js'
import {argumentText} from '../workers/shell-quote.js'
import type {Transport} from '../workers/transport.js'
import type {WorkerRow} from '../workers/worker.js'
import {backoffSeconds, scriptEnvironment, type WorkerConnections} from '../workers/worker-connections.js'
import {backToQueue, endOfReport, failureOf} from './attempt-end.js'
import {AttemptObserver} from './attempt-observer.js'
import {SessionHolds} from './session-holds.js'

/** How long a worker may stay away before the outcome of its attempts counts as unknown. */
const LOST_SECONDS = 600
const POLL_MS = 1000

export interface SupervisorOptions {
  storeId: string
  connections: WorkerConnections
  spool: Spool
  logger: Logger
  /** Seconds that the coordinator's lease still holds. */
  leaseSeconds: () => number
  /** An attempt was sent to its worker, which keeps it below `root`. */
  onStarted: (claimed: ClaimedTask, root: string) => Promise<void>
}

/** Starts attempts on workers, stays with them through lost connections, and tells how they ended. */
export class AttemptSupervisor {
  readonly #options: SupervisorOptions
  readonly #observer: AttemptObserver
  readonly #holds = new WeakMap<Transport, SessionHolds>()
  readonly #cancelled = new Map<string, AbortController>()

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#observer = new AttemptObserver(options.connections)
  }

  /** Runs a claimed task's attempt to its end. Never rejects. */
  run(claimed: ClaimedTask): Promise<AttemptEnd> {
    return this.#supervise(claimed, () => this.#startAndWait(claimed))
  }

  /** Stays with an attempt that another coordinator started, or meant to start, to its end. Never rejects. */
  adopt(claimed: ClaimedTask): Promise<AttemptEnd> {
    return this.#supervise(claimed, () => this.#reattach(claimed))
  }

  /** Asks for the end of a task that is being supervised here; takes effect once its worker has confirmed it. */
  cancel(taskId: string): void {
    this.#cancelled.get(taskId)?.abort()
  }

  async #supervise(claimed: ClaimedTask, work: () => Promise<AttemptEnd>): Promise<AttemptEnd> {
    const {task, worker} = claimed
    const cancellation = new AbortController()
    this.#cancelled.set(task.id, cancellation)
    cancellation.signal.addEventListener('abort', () => void this.#killUntilDead(claimed))
    if (task.cancel_requested_at) cancellation.abort()
    try {
      return await work()
    } catch (error) {
      this.#options.logger.warn(`task ${task.id} on ${worker.name}: ${messageOf(error)}`)
      return failureOf(task, 'host', messageOf(error))
    } finally {
      this.#cancelled.delete(task.id)
    }
  }

  async #startAndWait(claimed: ClaimedTask): Promise<AttemptEnd> {
    const {task, worker} = claimed
    let transport: Transport
    let started: StartedAttempt
    let order: AttemptOrder
    try {
      transport = await this.#options.connections.get(worker)
    } catch (error) {
      return backToQueue(task, 'unsent', `${worker.name}: ${messageOf(error)}`)
    }
    try {
      const spooled = await this.#options.spool.read(task.request_id)
      order = await this.#orderFor(claimed, transport, {...spooled.environment, ...spooled.taskEnvironments?.[task.id]})
      if (this.#isCancelled(task)) return {taskId: task.id, attempt: task.attempt, result: 'cancelled'}
      const environment = scriptEnvironment(worker, spooled.callerEnvironment)
      started = await this.#holdsOf(transport).start(() => startAttempt(transport, order, this.#options.leaseSeconds, environment))
      await this.#options.onStarted(claimed, started.root)
      const outcome = await started.outcome
      if (outcome.state === 'ended') return endOfReport(task, outcome.report, this.#isCancelled(task))
      if (outcome.state === 'refused' && outcome.why === 'late') return backToQueue(task, 'unsent', 'the lease ended before the worker could start it')
      if (outcome.state === 'refused' && outcome.why === 'folder')
        return failureOf(task, 'host', `${worker.name} could not make the folder of the attempt: its disk may be full`)
    } catch (error) {
      this.#options.logger.info(`task ${task.id} on ${worker.name}: ${messageOf(error)}; looking after it again`)
    }
    return this.#reattach(claimed)
  }

  /** Asks the worker, which owns the truth, until it has told how the attempt ended or that it never began. */
  async #reattach(claimed: ClaimedTask): Promise<AttemptEnd> {
    const {task, worker} = claimed
    const name = this.#nameOf(task)
    let lastSeen = performance.now()
    for (let failures = 0; ; ) {
      try {
        const state = await this.#observer.ask(worker, name)
        lastSeen = performance.now()
        failures = 0
        if (state === 'ended') return await this.#collect(claimed)
        if (state === 'absent' || state === 'fenced')
          return this.#isCancelled(task) ? {taskId: task.id, attempt: task.attempt, result: 'cancelled'} : backToQueue(task, 'released', 'it had not started')
        if (state === 'rebooted') return this.#endWithout(task, `${worker.name} was restarted while it ran`)
        if (state === 'killed' && (await this.#kill(claimed))) return this.#endWithout(task, `its supervisor on ${worker.name} was killed`)
        await delay(POLL_MS)
      } catch (error) {
        failures += 1
        if (performance.now() - lastSeen > LOST_SECONDS * 1000) {
          return {...failureOf(task, 'unknown', `${worker.name} has been away for ${LOST_SECONDS} s: ${messageOf(error)}`)}
        }
        await delay(backoffSeconds(failures) * 1000)
      }
    }
  }

  async #collect({task, worker}: ClaimedTask): Promise<AttemptEnd> {
    const transport = await this.#options.connections.get(worker)
    const report = await collectAttempt(transport, this.#nameOf(task), scriptEnvironment(worker))
    return endOfReport(task, report, this.#isCancelled(task))
  }

  #endWithout(task: TaskRow, error: string): AttemptEnd {
    return this.#isCancelled(task) ? {taskId: task.id, attempt: task.attempt, result: 'cancelled'} : failureOf(task, 'host', error)
  }

  async #orderFor({task, worker}: ClaimedTask, transport: Transport, environment: Record<string, string>): Promise<AttemptOrder> {
    const {command, cwd, item} = task.input
    const local = worker.origin === 'local'
    const spooledStdin = task.input.stdin ? await this.#options.spool.stdinPath(task.request_id) : undefined
    const stdinPath = spooledStdin && !local ? await keepStdin(transport, this.#options.storeId, task.id, createReadStream(spooledStdin)) : spooledStdin
    return {
      ...this.#nameOf(task),
      command,
      cwd,
      stdinPath,
      environment: {...environment, HELIX_WORKER: worker.name, ...(item !== undefined && {HELIX_ITEM: argumentText(item)})},
      timeoutSeconds: task.retry_policy.timeout_seconds,
      graceSeconds: task.retry_policy.grace_seconds,
    }
  }

  async #killUntilDead(claimed: ClaimedTask): Promise<void> {
    for (let failures = 0; this.#cancelled.has(claimed.task.id); failures++) {
      try {
        if (await this.#kill(claimed)) return
      } catch (error) {
        this.#options.logger.debug(`cancel of ${claimed.task.id} on ${claimed.worker.name}: ${messageOf(error)}`)
      }
      await delay(backoffSeconds(failures) * 1000)
    }
  }

  async #kill({task, worker}: ClaimedTask): Promise<boolean> {
    const transport = await this.#options.connections.get(worker)
    return killAttempt(transport, this.#nameOf(task), task.retry_policy.grace_seconds, scriptEnvironment(worker))
  }

  #nameOf(task: TaskRow): AttemptName {
    return {storeId: this.#options.storeId, taskId: task.id, attempt: task.attempt}
  }

  #isCancelled(task: TaskRow): boolean {
    return this.#cancelled.get(task.id)?.signal.aborted === true
  }

  #holdsOf(transport: Transport): SessionHolds {
    const known = this.#holds.get(transport)
    if (known) return known
    const holds = new SessionHolds(transport)
    this.#holds.set(transport, holds)
    return holds
  }
}
