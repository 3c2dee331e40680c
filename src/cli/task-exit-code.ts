import {EXIT_CODES} from '../core/errors/helix-error.js'
import type {TaskWithAttempt} from '../core/tasks/task-queries.js'
import {signalNumber} from '../core/workers/attempt-protocol.js'

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
  return task.exit_code || EXIT_CODES.unavailable
}

/** The exit code for many tasks: how many did not complete, at most 101, as GNU parallel counts. */
export function exitCodeOfAll(tasks: readonly TaskWithAttempt[]): number {
  const failed = tasks.filter(hasFailed).length
  return failed > MOST_COUNTED ? MOST_COUNTED + 1 : failed
}

/** Neither waiting nor completed; a task that waited for a failure which did not happen is not to blame. */
function hasFailed({status, failure_kind}: TaskWithAttempt): boolean {
  const notNeeded = status === 'cancelled' && failure_kind === 'dependency'
  return status !== 'completed' && status !== 'pending' && !notNeeded
}
