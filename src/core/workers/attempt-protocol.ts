import {constants} from 'node:os'
import {HelixError} from '../errors/helix-error.js'
import {COLLECT, KILL, OBSERVE, REMOVE, START} from './attempt-scripts.js'
import {findLine, gather, linesAfter, newMark, runScript, scriptCommand, waitForLine} from './run-script.js'
import {type Argument, argumentBytes, quoteBytes} from './shell-quote.js'
import type {Transport} from './transport.js'

/** Bytes of each stream that the store keeps and that a report carries. */
const TAIL_BYTES = 64 * 1024

/** Names one attempt's folder on a worker. */
export interface AttemptName {
  storeId: string
  taskId: string
  attempt: number
}

/** How an attempt ended, as its supervisor wrote it down. */
export interface AttemptReport {
  exitCode: number | null
  /** Name without SIG, such as `KILL`. */
  signal: string | null
  /** The kernel killed a process of the attempt's memory group while it ran. */
  outOfMemory: boolean
  timedOut: boolean
  stdoutBytes: number
  stderrBytes: number
  /** The last 64 KiB at most. */
  stdoutTail: Buffer
  stderrTail: Buffer
}

/** What the worker's side needs to run a command. */
export interface AttemptOrder extends AttemptName {
  command: readonly Argument[]
  environment: Readonly<Record<string, string>>
  /** Folder on the worker; a fresh one inside the attempt's folder when absent. */
  cwd?: string | undefined
  /** File on the worker that becomes standard input, and whether it is still growing; empty input when absent. */
  stdin?: {path: string; growing: boolean} | undefined
  /** Zero for none. */
  timeoutSeconds: number
  /** Between TERM and KILL when the time limit is reached. */
  graceSeconds: number
}

type StartOutcome = {state: 'ended'; report: AttemptReport} | {state: 'refused'; why: 'late' | 'exists' | 'folder' | 'lost'} | {state: 'released'}

export type AttemptState = 'running' | 'ended' | 'starting' | 'absent' | 'fenced' | 'rebooted' | 'killed'

/** A start that was sent to a worker. */
export interface StartedAttempt {
  /** Where the worker keeps attempt folders. */
  root: string
  outcome: Promise<StartOutcome>
  /** Gives its session back; the attempt goes on and `outcome` becomes `released`. */
  release(): void
}

/**
 * Sends an order to a worker and resolves once it is on its way; `outcome` settles when the attempt has ended, was refused,
 * or was released. `leaseSeconds` is asked at the moment that the worker starts to count; an order that no longer holds is
 * not sent. Rejects with kind `unavailable` when the connection is lost: the attempt may then have started or not.
 */
export async function startAttempt(transport: Transport, order: AttemptOrder, leaseSeconds: () => number, env?: NodeJS.ProcessEnv): Promise<StartedAttempt> {
  const mark = newMark()
  const process = await transport.exec(scriptCommand(START, mark), env ? {env} : {})
  const output = gather(process.stdout)
  const errors = gather(process.stderr)
  process.stdin.on('error', () => {})
  const root = await waitForLine(process, output, `${mark} ready `)
  const valid = Math.floor(leaseSeconds())
  const {storeId, taskId, attempt, timeoutSeconds, graceSeconds, stdin} = order
  const spec = buildSpec(order)
  const input = stdin ? `${stdin.growing ? '+' : '='}${stdin.path}` : '-'
  const line = [storeId, taskId, attempt, valid, Math.ceil(timeoutSeconds), Math.ceil(graceSeconds), spec.length, input].join(' ')
  process.stdin.write(Buffer.concat([Buffer.from(`${line}\n`), spec]))
  const outcome = process.exit.then(() => readOutcome(output(), errors(), mark))
  // Whoever waits for the outcome sees its rejection; until then it must not count as unhandled.
  outcome.catch(() => {})
  return {root, outcome, release: () => process.stdin.end()}
}

/** Asks for the state of attempts. With `fence`, those that have not started are kept from ever starting. */
export async function observeAttempts(transport: Transport, names: readonly AttemptName[], fence: boolean, env?: NodeJS.ProcessEnv): Promise<AttemptState[]> {
  const mark = newMark()
  const input = names.map((name) => `${name.storeId} ${name.taskId} ${name.attempt} ${fence ? 1 : 0}\n`).join('')
  const {stdout} = await runScript(transport, scriptCommand(OBSERVE, mark), input, env)
  const states = new Map<string, AttemptState>()
  for (const line of linesAfter(stdout, mark)) {
    const [taskId, attempt, state] = line.split(' ')
    states.set(`${taskId} ${attempt}`, state as AttemptState)
  }
  return names.map((name) => {
    const state = states.get(`${name.taskId} ${name.attempt}`)
    if (!state) throw new HelixError('unavailable', 'the worker did not tell the state of an attempt', {code: 'OBSERVE_FAILED'})
    return state
  })
}

/** Reads the report of an attempt that has ended. */
export async function collectAttempt(transport: Transport, name: AttemptName, env?: NodeJS.ProcessEnv): Promise<AttemptReport> {
  const mark = newMark()
  const {stdout, stderr} = await runScript(transport, scriptCommand(COLLECT, mark), `${name.storeId} ${name.taskId} ${name.attempt}\n`, env)
  const outcome = readOutcome(stdout, stderr, mark)
  if (outcome.state !== 'ended') throw new HelixError('unavailable', 'the worker did not report an attempt that has ended', {code: 'COLLECT_FAILED'})
  return outcome.report
}

/** Ends the whole process tree of an attempt; resolves to whether nothing of it is alive any more. */
export async function killAttempt(transport: Transport, name: AttemptName, graceSeconds: number, env?: NodeJS.ProcessEnv): Promise<boolean> {
  const mark = newMark()
  const {stdout} = await runScript(transport, scriptCommand(KILL, mark), `${name.storeId} ${name.taskId} ${name.attempt} ${Math.ceil(graceSeconds)}\n`, env)
  return linesAfter(stdout, mark).includes('dead')
}

/** Removes everything that a worker keeps of these tasks. */
export async function removeTaskFolders(transport: Transport, storeId: string, taskIds: readonly string[], env?: NodeJS.ProcessEnv): Promise<void> {
  await runScript(transport, scriptCommand(REMOVE, ''), taskIds.map((id) => `${storeId} ${id}\n`).join(''), env)
}

/** The shell script that becomes the command: environment, folder, arguments. Never seen by a process list. */
function buildSpec(order: AttemptOrder): Buffer {
  // The supervisor gives it its standard input and the umask of the worker's user.
  const parts: Buffer[] = [Buffer.from('echo $$ > pid\nexec < "$1" > stdout 2> stderr\numask "$2"\n')]
  const add = (...pieces: (string | Buffer)[]) => parts.push(...pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
  const environment = {
    ...order.environment,
    HELIX_TASK_ID: order.taskId,
    HELIX_ATTEMPT: String(order.attempt),
    HELIX_ATTEMPT_ID: `${order.taskId}.${order.attempt}`,
  }
  for (const [name, value] of Object.entries(environment)) add(`export ${name}=`, quoteBytes(Buffer.from(value)), '\n')
  add('cd -- ', order.cwd === undefined ? 'work' : quoteBytes(Buffer.from(order.cwd)), ' || exit 126\nexec')
  for (const argument of order.command) add(' ', quoteBytes(argumentBytes(argument)))
  add('\n')
  return Buffer.concat(parts)
}

function readOutcome(stdout: Buffer, stderr: Buffer, mark: string): StartOutcome {
  const refused = findLine(stdout, `${mark} refused `)
  if (refused !== undefined) return {state: 'refused', why: refused as 'late'}
  const start = `${mark} result `
  const line = findLine(stdout, start)
  if (line === undefined) return {state: 'released'}
  const [stdoutBytes = 0, stderrBytes = 0, , code = 0, signalled, ooms = 0, timedOut] = line.split(' ').map(Number)
  const outFrom = stdout.indexOf(start) + start.length + line.length + 1
  const errFrom = stderr.indexOf(`${mark}\n`) + mark.length + 1
  // No shell says that INT or PIPE ended a command; a program that exits with their codes means the same.
  const signal = signalled || SILENT_CODES.includes(code) ? (SIGNAL_NAMES.get(code - 128) ?? null) : null
  return {
    state: 'ended',
    report: {
      exitCode: signal ? null : code,
      signal,
      outOfMemory: ooms > 0 && (signal === 'KILL' || code === 137),
      timedOut: timedOut === 1,
      stdoutBytes,
      stderrBytes,
      stdoutTail: stdout.subarray(outFrom, outFrom + Math.min(stdoutBytes, TAIL_BYTES)),
      stderrTail: stderr.subarray(errFrom, errFrom + Math.min(stderrBytes, TAIL_BYTES)),
    },
  }
}

const SILENT_CODES = [128 + constants.signals.SIGINT, 128 + constants.signals.SIGPIPE]
// Of two names for one number, as ABRT and IOT, the first.
const SIGNAL_NAMES = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name.replace(/^SIG/, '')]),
)

/** The number of a signal's name as Linux counts them; 0 for one it does not know. */
export function signalNumber(name: string): number {
  return constants.signals[`SIG${name}` as NodeJS.Signals] ?? 0
}
