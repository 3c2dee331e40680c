import type {CoordinatorEvents} from '../scheduler/coordinator-options.js'
import type {SettledTask} from '../tasks/complete-attempts.js'
import {PROGRAM_MISSING} from '../workers/attempt-report.js'

/** How far a request has come, for whoever shows it. Tasks that an earlier run has done count for nothing. */
export class MapTally {
  /** Tasks that there are by now. */
  total = 0
  /** Whether `total` is all of them. */
  isWhole = false
  completed = 0
  failed = 0
  cancelled = 0
  /** Whether there was no such program as a task was to run. */
  isProgramMissing = false
  readonly #running = new Set<string>()

  readonly events: CoordinatorEvents = {
    started: ({task}) => this.#running.add(task.id),
    ended: ({taskId, exitCode}) => {
      this.#running.delete(taskId)
      this.isProgramMissing ||= exitCode === PROGRAM_MISSING
    },
    settled: (tasks) => this.settle(tasks),
  }

  get running(): number {
    return this.#running.size
  }

  /** Tasks that are over. */
  get ended(): number {
    return this.completed + this.failed + this.cancelled
  }

  /** Counts tasks that are over. */
  settle(tasks: readonly SettledTask[]): void {
    for (const {status} of tasks) {
      if (status === 'completed' || status === 'failed' || status === 'cancelled') this[status] += 1
    }
  }
}
