import {readProbe} from './probe-report.js'
import {type WatchPlan, watchScript} from './probe-script.js'
import {findLine, linesAfter, newMark, scriptCommand} from './run-script.js'
import type {Transport, WorkerProcess} from './transport.js'
import type {WorkerLoad} from './worker.js'

/** Far more than a report has; a worker that sends more sends something else. */
const MOST_BYTES = 1024 * 1024

/**
 * A worker that tells by itself how busy it is, in a session that is to spare. What it sends shows as well that its connection lives,
 * so that nothing at all has to be sent to it.
 */
export class LoadWatch {
  /** When its last report came, by the monotonic clock. */
  heardAt = performance.now()
  isOpen = true
  readonly #process: WorkerProcess
  readonly #mark: string
  readonly #onLoad: (load: WorkerLoad) => void
  #output = Buffer.alloc(0)

  private constructor(process: WorkerProcess, mark: string, onLoad: (load: WorkerLoad) => void) {
    this.#process = process
    this.#mark = mark
    this.#onLoad = onLoad
    process.stdin.on('error', () => {})
    process.stdout.on('data', (chunk: Buffer) => this.#hear(chunk))
    process.stderr.resume()
    const ended = () => {
      this.isOpen = false
    }
    process.exit.then(ended, ended)
  }

  /** Starts one; each report is given to `onLoad`. Undefined where the worker has no session to spare. */
  static async open(transport: Transport, plan: WatchPlan, onLoad: (load: WorkerLoad) => void): Promise<LoadWatch | undefined> {
    const mark = newMark()
    const process = await transport.execSpare?.(scriptCommand(watchScript(plan), mark))
    return process && new LoadWatch(process, mark, onLoad)
  }

  /** Gives its session back. */
  close(): void {
    this.isOpen = false
    this.#process.stdin.end()
    this.#process.stdout.destroy()
  }

  #hear(chunk: Buffer): void {
    const isBeat = chunk.length === 1 && this.#output.length === 0
    if (isBeat) return
    this.#output = Buffer.concat([this.#output, chunk])
    if (findLine(this.#output, `${this.#mark} end`) !== undefined) {
      this.heardAt = performance.now()
      this.#onLoad(readProbe(linesAfter(this.#output, this.#mark)).load)
      this.#output = Buffer.alloc(0)
    } else if (this.#output.length > MOST_BYTES) this.close()
  }
}
