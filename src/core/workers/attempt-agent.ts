import {HelixError} from '../errors/helix-error.js'
import {AgentMessages} from './agent-messages.js'
import {PERL_AGENT} from './agent-perl.js'
import {AGENT, type AgentKind} from './agent-scripts.js'
import {type AttemptReport, readReport} from './attempt-report.js'
import {type AttemptName, type AttemptOrder, buildSpec} from './attempt-spec.js'
import {newMark, scriptCommand} from './run-script.js'
import type {Transport, WorkerProcess} from './transport.js'

/** What became of a start: `reported` has ended with an output that is to be fetched, and its report has none; `released` goes on without the agent. */
export type StartOutcome =
  | {state: 'ended'; report: AttemptReport}
  | {state: 'reported'; report: AttemptReport}
  | {state: 'refused'; why: 'late' | 'exists' | 'folder'}
  | {state: 'released'}

interface Waiting {
  resolve: (outcome: StartOutcome) => void
  reject: (error: unknown) => void
}

export interface AgentOptions {
  /** Environment of the agent and of what it starts, on this machine. */
  env?: NodeJS.ProcessEnv | undefined
  kind?: AgentKind
}

/** One channel to a worker over which many attempts are started, and over which their ends are told. */
export class AttemptAgent {
  /** Where the worker keeps attempt folders. */
  root = ''
  /** The program that it is on the worker. */
  kind: 'shell' | 'perl' | 'node' = 'shell'
  readonly #process: WorkerProcess
  readonly #waiting = new Map<string, Waiting>()
  /** A moment of the worker's clock, in seconds since it booted, that was not later than these of ours. */
  #seen = {worker: 0, monotonic: 0, wall: 0}
  #isClosed = false
  /** Resolves when it takes no more orders; what had not ended then has been rejected or released. */
  readonly closed: Promise<void>
  #settleClosed: () => void = () => {}

  private constructor(process: WorkerProcess) {
    this.#process = process
    process.stdin.on('error', () => {})
    process.stderr.resume()
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve
    })
    process.exit.then(
      () => this.#end(new HelixError('unavailable', 'the worker ended the session that starts attempts', {code: 'AGENT_LOST'})),
      (error: unknown) => this.#end(error),
    )
  }

  /** Starts an agent on a worker. Rejects with kind `unavailable` when the connection is lost or there is no shell. */
  static async open(transport: Transport, {env, kind = 'best'}: AgentOptions = {}): Promise<AttemptAgent> {
    const mark = newMark()
    const process = await transport.exec(scriptCommand(AGENT.replace('@KIND@', kind), mark), env ? {env} : {})
    const agent = new AttemptAgent(process)
    try {
      await agent.#ready(new AgentMessages(mark))
      return agent
    } catch (error) {
      // A perl or a copy of Helix that does not run there must not keep the worker's shell from it.
      if (kind === 'shell' || !HelixError.is(error) || error.code !== 'WORKER_SHELL') throw error
      return AttemptAgent.open(transport, {env, kind: 'shell'})
    }
  }

  /** How many attempts it has not told the end of. */
  get running(): number {
    return this.#waiting.size
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /**
   * Orders a start. `leaseSeconds` is how long the coordinator may still give orders: the worker refuses to start after that,
   * however long the coordinator slept in between. Rejects with kind `unavailable` when the connection is lost: the attempt may
   * then have started or not.
   */
  start(order: AttemptOrder, leaseSeconds: number): Promise<StartOutcome> {
    const deadline = Math.floor(this.#seen.worker + leaseSeconds + this.#sinceSeen())
    if (this.#isClosed) return Promise.reject(new HelixError('unavailable', 'the session that starts attempts has ended', {code: 'AGENT_LOST'}))
    if (leaseSeconds < 1) return Promise.resolve({state: 'refused', why: 'late'})
    const {form, bytes} = buildSpec(order, this.kind)
    const {storeId, taskId, attempt, timeoutSeconds, graceSeconds, stdin} = order
    const lines = form === 'sh' ? bytes.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0) : 0
    const line = [
      ...['start', storeId, taskId, attempt, deadline, Math.ceil(timeoutSeconds), Math.ceil(graceSeconds)],
      ...[form, bytes.length, lines, stdin && !stdin.growing ? `=${stdin.path}` : '-'],
    ].join(' ')
    return new Promise((resolve, reject) => {
      this.#waiting.set(keyOf(order), {resolve, reject})
      this.#process.stdin.write(Buffer.concat([Buffer.from(`${line}\n`), bytes]))
    })
  }

  /** Gives its session back: attempts go on, and what has not ended is `released`. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#settleClosed()
    this.#process.stdin.end()
    // Whatever supervises attempts over there still holds the other end.
    this.#process.stdout.destroy()
    for (const waiting of this.#take()) waiting.resolve({state: 'released'})
  }

  #ready(messages: AgentMessages): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#process.stdout.on('data', (chunk: Buffer) => {
        for (const {words, tails} of messages.add(chunk)) {
          const [verb, ...rest] = words
          if (verb === 'send') this.#process.stdin.write(`${Buffer.byteLength(PERL_AGENT)}\n${PERL_AGENT}`)
          else if (verb === 'ready') {
            this.#greet(rest)
            resolve()
          } else this.#hear(words, tails)
        }
      })
      const noShell = new HelixError('unavailable', 'the worker has no working POSIX shell', {code: 'WORKER_SHELL', hint: 'Helix needs `sh` on the worker.'})
      void this.closed.then(() => this.#process.exit.then(() => reject(noShell), reject))
    })
  }

  // `ROOT KIND UP`, and a folder's name may have spaces.
  #greet(words: string[]): void {
    this.#saw(words.at(-1))
    this.kind = words.at(-2) as typeof this.kind
    this.root = words.slice(0, -2).join(' ')
  }

  #hear([verb, taskId, attempt, ...rest]: string[], [stdout, stderr]: [Buffer, Buffer]): void {
    if (verb === 'pong') {
      this.#saw(taskId)
      return
    }
    const key = `${taskId} ${attempt}`
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    if (verb === 'refused') {
      waiting?.resolve({state: 'refused', why: rest[0] as 'late'})
      return
    }
    const [up, ...report] = rest
    this.#saw(up)
    const isWhole = report.length > 7 || (report[0] === '0' && report[1] === '0')
    waiting?.resolve({state: isWhole ? 'ended' : 'reported', report: readReport(report.slice(0, 7), stdout, stderr)})
  }

  #saw(uptime = ''): void {
    this.#seen = {worker: Number(uptime), monotonic: performance.now(), wall: Date.now()}
  }

  /** Seconds since the worker's clock was seen, or fewer: an order must not be good for longer than the lease. */
  #sinceSeen(): number {
    return Math.max(0, Math.min(performance.now() - this.#seen.monotonic, Date.now() - this.#seen.wall) / 1000)
  }

  #end(error: unknown): void {
    this.#isClosed = true
    this.#settleClosed()
    for (const waiting of this.#take()) waiting.reject(error)
  }

  #take(): Waiting[] {
    const all = [...this.#waiting.values()]
    this.#waiting.clear()
    return all
  }
}

function keyOf({taskId, attempt}: AttemptName): string {
  return `${taskId} ${attempt}`
}
