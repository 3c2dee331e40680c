import {Writable} from 'node:stream'
import type {Logger} from '../core/logger.js'
import {writeAll} from '../core/requests/follow-output.js'
import type {MapTally} from '../core/requests/map-tally.js'
import type {TaskOutput} from '../core/requests/request-context.js'

const FRAME_MS = 100
const BAR_WIDTH = 20
const LF = 10
// Draws a line without wrapping it and leaves the cursor at its start, where whatever comes next begins.
const ERASE = '\r\u001b[K'

/** The last line of a terminal, which tells how far a request has come; what tasks print goes above it. */
export class ProgressLine {
  /** Says things above the line. */
  readonly logger: Logger
  /** Where tasks' output goes meanwhile. */
  readonly output: TaskOutput
  readonly #terminal: NodeJS.WriteStream
  #tally: MapTally | undefined
  #timer: NodeJS.Timeout | undefined
  #startedAt = 0
  #drawnAt = 0
  #shown = ''
  #atLineStart = true

  private constructor(terminal: NodeJS.WriteStream, logger: Logger) {
    this.#terminal = terminal
    const say = (level: keyof Logger) => (message: string) => {
      this.#erase()
      logger[level](message)
    }
    this.logger = {warn: say('warn'), info: say('info'), debug: say('debug')}
    this.output = {stdout: this.#above(process.stdout), stderr: this.#above(process.stderr)}
  }

  /** Opens one where standard error is a terminal that can show it to a person. */
  static open(logger: Logger): ProgressLine | undefined {
    const {CI, TERM} = process.env
    return process.stderr.isTTY && !CI && TERM !== 'dumb' ? new ProgressLine(process.stderr, logger) : undefined
  }

  /** Begins to show it. */
  start(tally: MapTally): void {
    this.#tally = tally
    this.#startedAt = performance.now()
    this.#timer = setInterval(() => this.#draw(), FRAME_MS)
    this.#timer.unref()
  }

  /** Takes it off the terminal. */
  close(): void {
    clearInterval(this.#timer)
    this.#tally = undefined
    this.#erase()
  }

  #draw(): void {
    // A line of a task's output that has no end yet is not to be written into.
    if (!this.#tally || !this.#atLineStart) return
    const line = describeProgress(this.#tally, (performance.now() - this.#startedAt) / 1000).slice(0, (this.#terminal.columns || 80) - 1)
    if (line === this.#shown) return
    this.#terminal.write(`${ERASE}${line}\r`)
    this.#shown = line
    this.#drawnAt = performance.now()
  }

  #erase(): void {
    if (this.#shown) this.#terminal.write(ERASE)
    this.#shown = ''
  }

  #above(stream: NodeJS.WriteStream): Writable {
    // What goes into a pipe or a file does not touch the terminal.
    if (!stream.isTTY) return stream
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.#erase()
        this.#atLineStart = chunk.at(-1) === LF
        writeAll(stream, chunk).then(() => {
          if (performance.now() - this.#drawnAt > FRAME_MS) this.#draw()
          done()
        }, done)
      },
    })
  }
}

/** How far a request has come, on one line of ASCII. */
function describeProgress(tally: MapTally, seconds: number): string {
  const {total, isWhole, ended, failed, cancelled, running} = tally
  const rate = seconds > 0 ? ended / seconds : 0
  const parts = [
    isWhole ? `${drawBar(ended, total)} ${ended}/${total}` : `${ended} of ${total} so far`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    `${running} running`,
    `${rate < 10 ? rate.toFixed(1) : rate.toFixed(0)}/s`,
    ...(isWhole && ended > 0 && ended < total ? [`ETA ${clock((total - ended) / rate)}`] : []),
  ]
  return parts.join('  ')
}

/** A bar of ASCII that is filled as far as something has come. */
export function drawBar(ended: number, total: number): string {
  const filled = total > 0 ? Math.floor((BAR_WIDTH * ended) / total) : BAR_WIDTH
  return `[${'#'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}]`
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  const two = (number: number) => String(number).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  return hours > 0 ? `${hours}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}` : `${Math.floor(whole / 60)}:${two(whole % 60)}`
}
