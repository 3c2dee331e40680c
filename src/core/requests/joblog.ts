import {createHash} from 'node:crypto'
import {appendFile, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {resolve} from 'node:path'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {showLine} from '../show-text.js'
import type {TaskWithAttempt} from '../tasks/task-queries.js'
import {signalNumber} from '../workers/attempt-report.js'
import {argumentText} from '../workers/shell-quote.js'

const HEADER = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n'

/** A log of ended tasks, one a line, in the format of GNU parallel's --joblog. */
export class Joblog {
  /** Numbers of the items that it has already. */
  readonly done: ReadonlySet<number>
  readonly #file: string
  readonly #key: string

  private constructor(file: string, key: string, done: ReadonlySet<number>) {
    this.#file = file
    this.#key = key
    this.done = done
  }

  /** Begins a new log, or with `resume` goes on with the one that is there. Throws `usage` for a file that cannot be written or is no joblog. */
  static async open(file: string, resume: boolean): Promise<Joblog> {
    const path = resolve(file)
    try {
      const known = resume ? await readFile(path, 'utf8').catch(() => '') : ''
      if (known && !known.startsWith(HEADER)) throw new HelixError('usage', `${file} is not a joblog`, {code: 'JOBLOG_INVALID'})
      if (!known) {
        // A new file and not an emptied one: its inode is part of what its items are known by.
        await rm(path, {force: true})
        await writeFile(path, HEADER)
      }
      const {ino, birthtimeMs} = await stat(path)
      const key = createHash('sha256').update(`${path}\n${ino}\n${birthtimeMs}`).digest('base64url').slice(0, 22)
      return new Joblog(path, key, readNumbers(known))
    } catch (error) {
      if (HelixError.is(error)) throw error
      throw new HelixError('usage', `the joblog ${file} cannot be used: ${messageOf(error)}`, {code: 'JOBLOG_UNUSABLE', cause: error})
    }
  }

  /** The idempotency key of an item: an item that was queued under this log is never queued again. */
  keyOf(number: number): string {
    return `joblog-${this.#key}-${number}`
  }

  /** Adds a task that has ended. */
  async add(task: TaskWithAttempt): Promise<void> {
    const started = Date.parse(task.started_at ?? task.created_at) / 1000
    const ended = task.completed_at === null ? started : Date.parse(task.completed_at) / 1000
    const signal = task.signal === null ? 0 : signalNumber(task.signal)
    const command = showLine(task.input.command.map(argumentText).join(' '))
    const fields = [
      task.input.item_number,
      task.worker_name ?? ':',
      started.toFixed(3),
      (ended - started).toFixed(3),
      0,
      task.stdout_bytes ?? 0,
      task.exit_code ?? (signal ? 0 : 255),
      signal,
      command,
    ]
    await appendFile(this.#file, `${fields.join('\t')}\n`)
  }
}

function readNumbers(log: string): Set<number> {
  // A last line without its end was being written when the writer was killed.
  const lines = log.split('\n').slice(1, -1)
  return new Set(lines.map((line) => Number.parseInt(line, 10)))
}
