import {messageOf} from '../errors/helix-error.js'

/** One step of connecting, testing or installing, with its time in milliseconds. */
export interface WorkerStep {
  step: string
  outcome: 'done' | 'skipped' | 'failed'
  /** What was found or done, or why it was not. */
  detail: string
  duration_ms: number
}

/** Hears of each step as it is over. */
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
    const over = (outcome: WorkerStep['outcome'], detail: string) => this.#add({step, outcome, detail, duration_ms: Math.round(performance.now() - started)})
    try {
      const [value, detail] = await work()
      over('done', detail)
      return value
    } catch (error) {
      over('failed', messageOf(error))
      throw error
    }
  }

  /** Does a step that the others can do without: its failure is reported and gives undefined. */
  async attempt<T>(step: string, work: () => Promise<[T, string]>): Promise<T | undefined> {
    return this.run(step, work).catch(() => undefined)
  }

  /** Says that a step is left out, and why. */
  skip(step: string, detail: string): void {
    this.#add({step, outcome: 'skipped', detail, duration_ms: 0})
  }

  #add(step: WorkerStep): void {
    this.all.push(step)
    this.#report(step)
  }
}
