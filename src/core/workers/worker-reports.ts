import {readProbe, type WorkerProbe} from './probe-report.js'
import {type ReportPlan, reportsScript} from './probe-script.js'
import {findLine, linesAfter, newMark, scriptCommand} from './run-script.js'
import type {Transport, WorkerProcess} from './transport.js'

/** Far more than a report has, in which servers of models may take 1 MiB each; a worker that sends more sends something else. */
const MOST_BYTES = 8 * 1024 * 1024

/**
 * A worker that reports by itself how busy it is and what it has, in a session that is to spare. What it sends shows as well that its
 * connection lives, so that nothing at all has to be sent to it.
 */
export class WorkerReports {
  /** When the last one came, by the monotonic clock. */
  heardAt = performance.now()
  isOpen = true
  readonly #process: WorkerProcess
  readonly #mark: string
  readonly #onReport: (report: WorkerProbe) => void
  #output = Buffer.alloc(0)

  private constructor(process: WorkerProcess, mark: string, onReport: (report: WorkerProbe) => void) {
    this.#process = process
    this.#mark = mark
    this.#onReport = onReport
    process.stdin.on('error', () => {})
    process.stdout.on('data', (chunk: Buffer) => this.#hear(chunk))
    process.stderr.resume()
    const ended = () => {
      this.isOpen = false
    }
    process.exit.then(ended, ended)
  }

  /** Starts them; each is given to `onReport`. Undefined where the worker has no session to spare. */
  static async open(
    transport: Transport,
    plan: ReportPlan,
    onReport: (report: WorkerProbe) => void,
    env?: NodeJS.ProcessEnv,
  ): Promise<WorkerReports | undefined> {
    const mark = newMark()
    const process = await transport.execSpare?.(scriptCommand(reportsScript(plan), mark), env ? {env} : {})
    return process && new WorkerReports(process, mark, onReport)
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
      this.#onReport(readProbe(linesAfter(this.#output, this.#mark)))
      this.#output = Buffer.alloc(0)
    } else if (this.#output.length > MOST_BYTES) this.close()
  }
}
