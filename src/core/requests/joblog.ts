import {createHash} from 'node:crypto'
import {appendFile, readFile, rm, stat, truncate, writeFile} from 'node:fs/promises'
import {resolve} from 'node:path'
import {HelixError, messageOf} from '../errors/helix-error.js'
import type {TaskWithAttempt} from '../tasks/task-queries.js'
import {signalNumber} from '../workers/attempt-report.js'
import {quoteCommand} from './quote-command.js'

const HEADER = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n'
const LOCAL = ':'
const NEWLINE = 10
/** As GNU parallel writes for a job that did not end by itself, and for one whose machine was lost. */
const EXIT_ENDED = -1
const EXIT_LOST = 255

/** What a run does about what its joblog has: begin anew, go on behind what has ended, or also run again what has failed. */
export type ResumeMode = 'no' | 'resume' | 'resume-failed'

interface LoggedItem {
  failures: number
  completed: boolean
}

/** A log of ended tasks, one a line, in the format of GNU parallel's --joblog; either program goes on with the other's. */
export class Joblog {
  readonly #file: string
  readonly #key: string
  readonly #logged: ReadonlyMap<number, LoggedItem>
  readonly #mode: ResumeMode

  private constructor(file: string, key: string, logged: ReadonlyMap<number, LoggedItem>, mode: ResumeMode) {
    this.#file = file
    this.#key = key
    this.#logged = logged
    this.#mode = mode
  }

  /** Begins a new log, or goes on with the one that is there. Throws `usage` for a file that cannot be written or is no joblog. */
  static async open(file: string, mode: ResumeMode): Promise<Joblog> {
    const path = resolve(file)
    try {
      const known = mode === 'no' ? undefined : await readLog(file)
      if (known === undefined) {
        // A new file and not an emptied one: its inode is part of what its items are known by.
        await rm(path, {force: true})
        await writeFile(path, HEADER)
      } else {
        // A last line without its end was being written when the writer was killed.
        await truncate(path, known.wholeBytes)
      }
      const {ino, birthtimeMs} = await stat(path)
      const key = createHash('sha256').update(`${path}\n${ino}\n${birthtimeMs}`).digest('base64url').slice(0, 22)
      return new Joblog(path, key, known?.items ?? new Map(), mode)
    } catch (error) {
      throw explain(file, error)
    }
  }

  /** What a log says is not to be run, without a change to it. Throws as `open` does. */
  static async skippedBy(file: string, mode: ResumeMode): Promise<(number: number) => boolean> {
    try {
      const items = mode === 'no' ? undefined : (await readLog(file))?.items
      return (number) => isSkipped(items?.get(number), mode)
    } catch (error) {
      throw explain(file, error)
    }
  }

  /** Whether an item is not to be run, for what the log says of it. */
  isSkipped(number: number): boolean {
    return isSkipped(this.#logged.get(number), this.#mode)
  }

  /** The idempotency key of an item: one that was queued under this log is queued again only when the log says that it failed. */
  keyOf(number: number): string {
    const failures = this.#logged.get(number)?.failures ?? 0
    return `joblog-${this.#key}-${number}${failures > 0 ? `-again-${failures}` : ''}`
  }

  /** Adds tasks that have ended, in one write. */
  async add(tasks: readonly TaskWithAttempt[]): Promise<void> {
    if (tasks.length > 0) await appendFile(this.#file, Buffer.concat(tasks.map(lineOf)))
  }
}

function isSkipped(item: LoggedItem | undefined, mode: ResumeMode): boolean {
  return item !== undefined && (mode === 'resume' || item.completed)
}

function lineOf(task: TaskWithAttempt): Buffer {
  const started = Date.parse(task.started_at ?? task.created_at) / 1000
  const ended = task.completed_at === null ? started : Date.parse(task.completed_at) / 1000
  const signal = task.signal === null ? 0 : signalNumber(task.signal)
  const fields = [
    task.input.item_number,
    task.requirements.local ? LOCAL : (task.worker_name ?? LOCAL),
    started.toFixed(3),
    (ended - started).toFixed(3).padStart(10),
    0,
    Number(task.stdout_bytes ?? 0),
    exitValueOf(task, signal),
    signal,
    '',
  ]
  // GNU parallel keeps newlines out of its lines in this way, and nothing else.
  const command = quoteCommand(task.input.command).map((byte) => (byte === NEWLINE ? 0 : byte))
  return Buffer.concat([Buffer.from(fields.join('\t')), command, Buffer.from('\n')])
}

function exitValueOf(task: TaskWithAttempt, signal: number): number {
  if (task.failure_kind === 'timeout') return EXIT_ENDED
  return task.exit_code ?? (signal ? 0 : EXIT_LOST)
}

async function readLog(file: string): Promise<{items: Map<number, LoggedItem>; wholeBytes: number} | undefined> {
  // latin1, so that a character is a byte.
  const log = await readFile(resolve(file), 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  if (log === '') return undefined
  if (!log.startsWith(HEADER)) throw new HelixError('usage', `${file} is not a joblog`, {code: 'JOBLOG_INVALID'})
  const whole = log.slice(0, log.lastIndexOf('\n') + 1)
  const items = new Map<number, LoggedItem>()
  for (const line of whole.slice(HEADER.length).split('\n')) {
    const [number = '', , , , , , exit, signal] = line.split('\t', 8)
    if (!/^\d+$/.test(number)) continue
    const item = items.get(Number(number)) ?? {failures: 0, completed: false}
    if (exit === '0' && signal === '0') item.completed = true
    else item.failures += 1
    items.set(Number(number), item)
  }
  return {items, wholeBytes: whole.length}
}

function explain(file: string, error: unknown): HelixError {
  if (HelixError.is(error)) return error
  return new HelixError('usage', `the joblog ${file} cannot be used: ${messageOf(error)}`, {code: 'JOBLOG_UNUSABLE', cause: error})
}
