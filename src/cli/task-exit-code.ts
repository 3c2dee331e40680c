import {EXIT_CODES} from '../core/errors/helix-error.js'
import type {TaskWithAttempt} from '../core/tasks/task-queries.js'
import type {TaskCounts} from '../core/watch/watch-tasks.js'
import {signalNumber} from '../core/workers/attempt-report.js'

const OK = 0
const TIMEOUT = 124
const SIGNAL_BASE = 128
const MOST_COUNTED = 100

/** The exit code for one task: the command's own, 128 + N for a signal, 124 for a timeout, as `timeout(1)` and shells do. */
export function exitCodeOf(task: TaskWithAttempt): number {
  if (!hasFailed(task)) return OK
  if (task.status === 'cancelled') return EXIT_CODES.interrupted
  if (task.failure_kind === 'timeout') return TIMEOUT
  if (task.signal) return SIGNAL_BASE + signalNumber(task.signal)
  // Its command was content, but what it should have made is not there.
  if (task.failure_kind === 'exit') return task.exit_code || 1
  return task.exit_code || EXIT_CODES.unavailable
}

/** The exit code for many tasks: how many did not complete, at most 101, as GNU parallel counts. */
export function exitCodeOfAll(tasks: readonly TaskWithAttempt[]): number {
  return exitCodeOfCount(tasks.filter(hasFailed).length)
}

/** The same for tasks that have ended and were only counted. */
export function exitCodeOfCounts({failed, cancelled}: Pick<TaskCounts, 'failed' | 'cancelled'>): number {
  return exitCodeOfCount(failed + cancelled)
}

/** The exit code for so many tasks that did not complete. */
export function exitCodeOfCount(failed: number): number {
  return Math.min(failed, MOST_COUNTED + 1)
}

/** The exit code for many tasks that a signal may have cancelled before they completed. */
export function exitCodeAfterSignal(code: number, signalled: boolean): number {
  return signalled && code !== OK ? EXIT_CODES.interrupted : code
}

/** Neither waiting nor completed; a task that waited for a failure which did not happen is not to blame. */
function hasFailed({status, failure_kind}: TaskWithAttempt): boolean {
  const notNeeded = status === 'cancelled' && failure_kind === 'dependency'
  return status !== 'completed' && status !== 'pending' && !notNeeded
}
