import {Readable} from 'node:stream'
import {setTimeout as delay} from 'node:timers/promises'
import {HelixError, messageOf} from '../errors/helix-error.js'
import type {Logger} from '../logger.js'
import type {CopyTaskFilesOptions} from '../requests/copy-task-files.js'
import type {ClaimedTask} from '../tasks/claim-tasks.js'
import type {AttemptEnd} from '../tasks/complete-attempts.js'
import type {Spool} from '../tasks/spool.js'
import type {RunningTask} from '../tasks/task.js'
import type {AttemptAgent, StartOutcome} from '../workers/attempt-agent.js'
import {type AttemptState, collectAttempts, killAttempt, observeAttempts} from '../workers/attempt-protocol.js'
import type {AttemptReport} from '../workers/attempt-report.js'
import type {AttemptName, AttemptOrder} from '../workers/attempt-spec.js'
import type {AutoInstaller} from '../workers/install/auto-installer.js'
import {sendStdin} from '../workers/send-stdin.js'
import {argumentText} from '../workers/shell-quote.js'
import type {Transport} from '../workers/transport.js'
import {backoffSeconds, scriptEnvironment, type WorkerConnections} from '../workers/worker-connections.js'
import {AttemptAgents} from './attempt-agents.js'
import {backToQueue, endOfLostWorker, endOfReport, failureOf} from './attempt-end.js'
import {bringFiles, fetchFiles} from './attempt-files.js'
import {AttemptQuestions} from './attempt-questions.js'

const POLL_MS = 1000
/** How often attempts are looked at whose supervisors nobody watches on the worker. */
const SWEEP_MS = 10_000
const STUCK_MS = 40_000 // Longer than an order is good for: what is still starting then never will.
const OBSERVE_BATCH_MS = 50
const COLLECT_BATCH_MS = 5

export interface SupervisorOptions {
  storeId: string
  connections: WorkerConnections
  spool: Spool
  logger: Logger
  helix: readonly string[]
  installer?: AutoInstaller | undefined
  /** Hears how far files of tasks have come. */
  onCopy?: CopyTaskFilesOptions['onProgress']
  /** Seconds that the coordinator's lease still holds. */
  leaseSeconds: () => number
  /** An attempt was sent to its worker, which keeps it below `root`. */
  onStarted: (claimed: ClaimedTask, root: string) => Promise<void>
}

/** Starts attempts on workers, stays with them through lost connections, and tells how they ended. */
export class AttemptSupervisor {
  readonly #options: SupervisorOptions
  readonly #states: AttemptQuestions<AttemptState>
  readonly #reports: AttemptQuestions<AttemptReport | undefined>
  readonly #agents = new AttemptAgents()
  readonly #cancelled = new Map<string, AbortController>()

  constructor(options: SupervisorOptions) {
    this.#options = options
    // With a fence: one that has not started by then never will.
    this.#states = new AttemptQuestions(options.connections, OBSERVE_BATCH_MS, (transport, names, env) => observeAttempts(transport, names, true, env))
    this.#reports = new AttemptQuestions(options.connections, COLLECT_BATCH_MS, collectAttempts)
  }

  /** Runs a claimed task's attempt to its end. Never rejects. */
  run(claimed: ClaimedTask): Promise<AttemptEnd> {
    return this.#supervise(claimed, () => this.#startAndWait(claimed))
  }

  /** Stays with an attempt that another coordinator started, or meant to start, to its end. Never rejects. */
  adopt(claimed: ClaimedTask): Promise<AttemptEnd> {
    return this.#supervise(claimed, async () => {
      const cutOff = this.#cutOffStdin(claimed.task)
      if (cutOff === undefined) return this.#reattach(claimed)
      await this.#killUntilDead(claimed)
      return failureOf(claimed.task, 'host', cutOff)
    })
  }

  /** Asks for the end of a task that is being supervised here; takes effect once its worker has confirmed it. */
  cancel(taskId: string): void {
    this.#cancelled.get(taskId)?.abort()
  }

  /** Lets go of all attempts; their workers see them to their ends. */
  close(): void {
    this.#agents.close()
  }

  async #supervise(claimed: ClaimedTask, work: () => Promise<AttemptEnd>): Promise<AttemptEnd> {
    const {task, worker} = claimed
    const cancellation = new AbortController()
    this.#cancelled.set(task.id, cancellation)
    cancellation.signal.addEventListener('abort', () => void this.#killUntilEnded(claimed, cancellation))
    if (task.cancel_requested_at) cancellation.abort()
    try {
      const end = await this.#fetch(claimed, await work())
      // The command has ended; what it had started may not have.
      if (end.result === 'cancelled') await this.#killUntilDead(claimed)
      return end
    } catch (error) {
      this.#options.logger.warn(`task ${task.id} on ${worker.name}: ${messageOf(error)}`)
      return failureOf(task, 'host', messageOf(error))
    } finally {
      this.#cancelled.delete(task.id)
    }
  }

  async #startAndWait(claimed: ClaimedTask): Promise<AttemptEnd> {
    const {task, worker} = claimed
    const cutOff = this.#cutOffStdin(task)
    if (cutOff !== undefined) return failureOf(task, 'host', cutOff)
    let transport: Transport
    let order: AttemptOrder
    const spooled = await this.#options.spool.read(task.request_id)
    try {
      transport = await this.#options.connections.get(worker)
      void this.#options.installer?.ensureInstalled(worker, transport)
      order = await this.#orderFor(claimed, transport, {...spooled.environment, ...spooled.taskEnvironments?.[task.id]})
    } catch (error) {
      const why = `${worker.name}: ${messageOf(error)}`
      return HelixError.is(error) && error.code === 'STDIN_NOT_STORED' ? failureOf(task, 'host', why) : backToQueue(task, 'unsent', why)
    }
    if (this.#isCancelled(task)) return {taskId: task.id, attempt: task.attempt, result: 'cancelled'}
    try {
      const environment = scriptEnvironment(worker, spooled.callerEnvironment)
      const getAgent = () => this.#agents.get(worker, transport, task.request_id, environment)
      const unready = await bringFiles(claimed, transport, this.#folderOf((await getAgent()).root, task), this.#copying)
      if (unready) return unready
      // Where a server allows one session, the files had it meanwhile.
      const agent = await getAgent()
      if (this.#isCancelled(task)) return {taskId: task.id, attempt: task.attempt, result: 'cancelled'}
      const started = agent.start(order, this.#options.leaseSeconds())
      await this.#options.onStarted(claimed, agent.root)
      const outcome = agent.kind === 'shell' ? await this.#watch(claimed, agent, started) : await started
      if (outcome.state === 'ended') return endOfReport(task, outcome.report, this.#isCancelled(task))
      if (outcome.state === 'reported') return await this.#collect(claimed, outcome.report)
      if (outcome.state === 'refused' && outcome.why === 'late') return backToQueue(task, 'unsent', 'the lease ended before the worker could start it')
      if (outcome.state === 'refused' && outcome.why === 'folder') {
        return failureOf(task, 'host', `${worker.name} could not make the folder of the attempt: its disk may be full`)
      }
    } catch (error) {
      this.#options.logger.info(`task ${task.id} on ${worker.name}: ${messageOf(error)}; looking after it again`)
    }
    return this.#reattach(claimed)
  }

  // Only the shell's supervisors are processes of their own, whose death nobody there would tell; and they hold open the channel of an
  // agent that was killed. All are looked at at the same moments, one question a worker, and not while their orders may be on the way.
  async #watch(claimed: ClaimedTask, agent: AttemptAgent, started: Promise<StartOutcome>): Promise<StartOutcome> {
    for (;;) {
      const sweep = new AbortController()
      const pause = 1.5 * SWEEP_MS - ((performance.now() + SWEEP_MS / 2) % SWEEP_MS)
      const swept = delay(pause, undefined, {signal: sweep.signal}).catch(() => {})
      const outcome = await Promise.race([started, swept]).finally(() => sweep.abort())
      if (outcome) return outcome
      const state = await this.#states.ask(claimed.worker, this.#nameOf(claimed.task))
      if (state === 'running') continue
      if (state === 'fenced') agent.close()
      return {state: 'released'}
    }
  }

  /** Asks the worker, which owns the truth, until it has told how the attempt ended or that it never began. */
  async #reattach(claimed: ClaimedTask): Promise<AttemptEnd> {
    const {task, worker} = claimed
    let stdinProvided = !task.input.stdin || worker.origin === 'local'
    let lastSeen = performance.now()
    let notYetStarting = lastSeen
    for (let failures = 0; ; ) {
      try {
        const state = await this.#states.ask(worker, this.#nameOf(task))
        lastSeen = performance.now()
        failures = 0
        if (state !== 'starting') notYetStarting = lastSeen
        const end = await this.#endOf(claimed, lastSeen - notYetStarting > STUCK_MS ? 'killed' : state)
        if (end) return end
        if (!stdinProvided) await this.#provideStdin(claimed, await this.#options.connections.get(worker))
        stdinProvided = true
        await delay(POLL_MS)
      } catch (error) {
        failures += 1
        const away = (performance.now() - lastSeen) / 1000
        const end = endOfLostWorker(task, away, messageOf(error))
        if (end) {
          // Where another attempt may take its place, this one has no right to go on once the worker is back.
          if (end.failureKind === 'host') void this.#killWhenBack(claimed)
          return end
        }
        await delay(Math.min(backoffSeconds(failures), Math.max(1, task.retry_policy.lost_seconds - away)) * 1000)
      }
    }
  }

  /** What an attempt's state on its worker means; undefined while it is alive or about to be. */
  async #endOf(claimed: ClaimedTask, state: AttemptState): Promise<AttemptEnd | undefined> {
    const {task, worker} = claimed
    if (state === 'ended') return this.#collect(claimed)
    const neverRan = state === 'absent' || state === 'fenced'
    const lost = state === 'rebooted' || (state === 'killed' && (await this.#kill(claimed)))
    if (!neverRan && !lost) return undefined
    if (this.#isCancelled(task)) return {taskId: task.id, attempt: task.attempt, result: 'cancelled'}
    if (neverRan) return backToQueue(task, 'released', 'it had not started')
    return failureOf(task, 'host', state === 'rebooted' ? `${worker.name} was restarted while it ran` : `its supervisor on ${worker.name} was killed`)
  }

  #fetch(claimed: ClaimedTask, end: AttemptEnd): Promise<AttemptEnd> {
    const {task, worker} = claimed
    return fetchFiles(claimed, end, () => this.#options.connections.get(worker), this.#folderOf(worker.resources.attempts_root ?? '', task), this.#copying)
  }

  // On a full disk a shell cannot keep the result that it reports.
  async #collect({task, worker}: ClaimedTask, reported?: AttemptReport): Promise<AttemptEnd> {
    const report = (await this.#reports.ask(worker, this.#nameOf(task))) ?? reported
    if (!report) throw new HelixError('unavailable', 'the worker did not report an attempt that has ended', {code: 'COLLECT_FAILED'})
    return endOfReport(task, report, this.#isCancelled(task))
  }

  async #orderFor(claimed: ClaimedTask, transport: Transport, environment: Record<string, string>): Promise<AttemptOrder> {
    const {task, worker} = claimed
    const {cwd, item} = task.input
    return {
      ...this.#nameOf(task),
      // Its own process, so that it is supervised, timed and ended as any command is.
      command: task.type === 'llm' ? [...this.#options.helix, 'task', 'answer', task.id] : task.input.command,
      cwd,
      stdin: await this.#provideStdin(claimed, transport),
      environment: {...environment, HELIX_WORKER: worker.name, ...(item !== undefined && {HELIX_ITEM: argumentText(item)})},
      timeoutSeconds: task.retry_policy.timeout_seconds,
      graceSeconds: task.retry_policy.grace_seconds,
    }
  }

  /** Why a task's standard input will never be whole; undefined when it is or will be. */
  #cutOffStdin(task: RunningTask): string | undefined {
    if (!task.input.stdin) return undefined
    try {
      this.#options.spool.stdin(task.request_id)
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  /** Makes a task's standard input available on its worker. One that is still growing is followed from there on. */
  async #provideStdin({task, worker}: ClaimedTask, transport: Transport): Promise<AttemptOrder['stdin']> {
    if (!task.input.stdin) return undefined
    const {spool, storeId, logger} = this.#options
    const kept = spool.stdin(task.request_id)
    if (worker.origin === 'local') return kept
    const transfer = await sendStdin(transport, storeId, task.id, (offset) => Readable.from(spool.readStdin(task.request_id, offset)))
    // A transfer that is cut off while the task runs is taken up again when the attempt is.
    if (kept.growing) transfer.done.catch((error) => logger.debug(`standard input of ${task.id}: ${messageOf(error)}`))
    else await transfer.done
    return {path: transfer.path, growing: kept.growing}
  }

  // An attempt that is just being started may not be there to be killed yet.
  async #killUntilEnded(claimed: ClaimedTask, cancellation: AbortController): Promise<void> {
    while (this.#cancelled.get(claimed.task.id) === cancellation) {
      await this.#killUntilDead(claimed)
      await delay(POLL_MS)
    }
  }

  async #killWhenBack(claimed: ClaimedTask): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      if (await this.#kill(claimed).catch(() => false)) return
      await delay(backoffSeconds(failures) * 1000, undefined, {ref: false})
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

  #folderOf(root: string, task: RunningTask): string {
    return `${root}/${this.#options.storeId}/${task.id}/${task.attempt}`
  }

  get #copying(): CopyTaskFilesOptions {
    return {onProgress: this.#options.onCopy}
  }

  #nameOf(task: RunningTask): AttemptName {
    return {storeId: this.#options.storeId, taskId: task.id, attempt: task.attempt}
  }

  #isCancelled(task: RunningTask): boolean {
    return this.#cancelled.get(task.id)?.signal.aborted === true
  }
}
