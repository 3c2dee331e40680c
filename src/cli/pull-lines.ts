import type {PullProgress} from '../core/providers/provider.js'
import {showLine} from '../core/show-text.js'
import {describeBytes} from './describe-model.js'
import {drawBar} from './progress-line.js'

const FRAME_MS = 100

/** How far models have come that are being fetched: on a terminal a line for each that changes, elsewhere a line for each step. */
export class PullLines {
  readonly #stream: NodeJS.WriteStream
  readonly #isLive: boolean
  readonly #lines = new Map<string, string>()
  #drawn = 0
  #frame: NodeJS.Timeout | undefined

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream
    this.#isLive = stream.isTTY && process.env.TERM !== 'dumb'
  }

  /** Something has come; `name` is that of the model or of the worker that it comes to. */
  show(name: string, {status, completedBytes, totalBytes}: PullProgress): void {
    const step = `${name}: ${showLine(status)}`
    if (!this.#isLive) {
      if (this.#lines.get(name) !== step) this.#stream.write(`${step}\n`)
      this.#lines.set(name, step)
      return
    }
    const done = completedBytes ?? 0
    const far = totalBytes ? `${drawBar(done, totalBytes)} ${Math.floor((100 * done) / totalBytes)} % of ${describeBytes(totalBytes)}` : ''
    this.#lines.set(name, `${name}: ${far}${far && '  '}${showLine(status)}`)
    // A first line is drawn at once, what comes soon after it with the next frame.
    if (this.#drawn === 0) this.#draw()
    else this.#frame ??= setTimeout(() => this.#draw(), FRAME_MS).unref()
  }

  /** Takes a line away, and all lines off the terminal, so that something can be printed. */
  end(name: string): void {
    this.#lines.delete(name)
    this.#erase()
  }

  #draw(): void {
    this.#erase()
    const width = (this.#stream.columns || 80) - 1
    for (const line of this.#lines.values()) this.#stream.write(`${line.slice(0, width)}\n`)
    this.#drawn = this.#lines.size
  }

  #erase(): void {
    clearTimeout(this.#frame)
    this.#frame = undefined
    if (this.#drawn > 0) this.#stream.write(`\u001b[${this.#drawn}A\r\u001b[J`)
    this.#drawn = 0
  }
}
