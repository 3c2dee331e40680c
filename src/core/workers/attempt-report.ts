import {constants} from 'node:os'

/** Bytes of each stream that the store keeps and that a report carries. */
const TAIL_BYTES = 64 * 1024

/** The exit code of an attempt whose program was not there, as shells have it. */
export const PROGRAM_MISSING = 127

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

/** Reads `SIZE SIZE 1 CODE SIGNALLED OOM TIMEOUT` and the tails of both streams. */
export function readReport(words: readonly string[], stdout: Buffer, stderr: Buffer): AttemptReport {
  const [stdoutBytes = 0, stderrBytes = 0, , code = 0, signalled, ooms = 0, timedOut] = words.map(Number)
  // No shell says that INT or PIPE ended a command; a program that exits with their codes means the same.
  const signal = signalled || SILENT_CODES.includes(code) ? (SIGNAL_NAMES.get(code - 128) ?? null) : null
  return {
    exitCode: signal ? null : code,
    signal,
    outOfMemory: ooms > 0 && (signal === 'KILL' || code === 137),
    timedOut: timedOut === 1,
    stdoutBytes,
    stderrBytes,
    stdoutTail: stdout.subarray(0, Math.min(stdoutBytes, TAIL_BYTES)),
    stderrTail: stderr.subarray(0, Math.min(stderrBytes, TAIL_BYTES)),
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
