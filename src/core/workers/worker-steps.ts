import {messageOf} from '../errors/helix-error.js'

/** One step of connecting, testing or installing, with its time in milliseconds. */
export interface WorkerStep {
  step: string
  outcome: 'done' | 'skipped' | 'failed'
  /** What was found or done, or why it was not. */
  detail: string
  duration_ms: number
}

/** Hears of each step as it is over, but for one whose error is thrown, which tells by itself. */
export type ReportStep = (step: WorkerStep) => void

/** The steps of one worker, in their order. */
export class WorkerSteps {
  readonly all: WorkerStep[] = []
  readonly #report: ReportStep

  constructor(report: ReportStep) {
    this.#report = report
  }

  /** Does a step that the others need; what it rejects with is passed on. */
  async run<T>(step: string, work: () => Promise<[T, string]>): Promise<T> {
    const started = performance.now()
    const over = (outcome: WorkerStep['outcome'], detail: string) => {
      const done = {step, outcome, detail, duration_ms: Math.round(performance.now() - started)}
      this.all.push(done)
      return done
    }
    try {
      const [value, detail] = await work()
      this.#report(over('done', detail))
      return value
    } catch (error) {
      over('failed', messageOf(error))
      throw error
    }
  }

  /** Does a step that the others can do without: its failure is reported and gives undefined. */
  async attempt<T>(step: string, work: () => Promise<[T, string]>): Promise<T | undefined> {
    try {
      return await this.run(step, work)
    } catch {
      const failed = this.all.at(-1)
      if (failed) this.#report(failed)
      return undefined
    }
  }

  /** Says that a step is left out, and why. */
  skip(step: string, detail: string): void {
    const skipped: WorkerStep = {step, outcome: 'skipped', detail, duration_ms: 0}
    this.all.push(skipped)
    this.#report(skipped)
  }
}
