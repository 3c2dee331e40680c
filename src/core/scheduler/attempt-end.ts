import {EXIT_CODES, errorCode, HelixError, messageOf} from '../errors/helix-error.js'
import type {AttemptEnd} from '../tasks/complete-attempts.js'
import type {FailureKind, RunningTask} from '../tasks/task.js'
import type {AttemptReport} from '../workers/attempt-report.js'

const LONGEST_BACKOFF_SECONDS = 300
/** How the error of an attempt begins that was given up while its worker was away. */
export const GIVEN_UP = 'its worker has been away for'

/** What a worker's report means for the task: over, or to be tried again. */
export function endOfReport(task: RunningTask, report: AttemptReport, cancelRequested: boolean): AttemptEnd {
  const {exitCode, signal, stdoutBytes, stderrBytes, stdoutTail, stderrTail} = report
  const facts = {exitCode, signal, stdoutBytes, stderrBytes, stdoutTail, stderrTail}
  if (exitCode === 0 && !report.timedOut) return {taskId: task.id, attempt: task.attempt, result: 'completed', ...facts}
  if (cancelRequested) return {taskId: task.id, attempt: task.attempt, result: 'cancelled', ...facts}
  if (task.type === 'llm' && !report.timedOut && !report.signal) return {...failureOfAnswer(task, report), ...facts}
  return {...failureOf(task, ...describeFailure(report, task)), ...facts}
}

/** An attempt that failed: its task is tried again if the policy says so and attempts are left. */
export function failureOf(task: RunningTask, kind: FailureKind, error: string): AttemptEnd {
  const {retries, retry_on} = task.retry_policy
  const end = {taskId: task.id, attempt: task.attempt, failureKind: kind, error}
  if (task.failures >= retries || !retry_on.includes(kind)) return {...end, result: 'failed'}
  const backoff = Math.min(LONGEST_BACKOFF_SECONDS, 2 ** task.failures)
  return {...end, result: 'retry', retryAfterSeconds: Math.round(backoff * (0.5 + Math.random() / 2))}
}

/** Only a provider that was away or busy is asked again: another key or another question is the user's to give. */
function failureOfAnswer(task: RunningTask, {exitCode, stderrTail}: AttemptReport): AttemptEnd {
  const lines = stderrTail.toString().trim().split('\n')
  const error = lines.findLast((line) => line.startsWith('Error: ')) ?? lines.at(-1) ?? ''
  const failure = failureOf(task, 'provider', error.replace(/^(Error|helix): /, '') || `it exited with code ${exitCode}`)
  const mayPass = exitCode === EXIT_CODES.unavailable || exitCode === EXIT_CODES.busy
  return mayPass ? failure : {...failure, result: 'failed'}
}

/**
 * What a worker that has been away for so long means for its task; undefined while it is to be waited for. With `retry` and `fail` the
 * attempt may still be alive over there.
 */
export function endOfLostWorker(task: RunningTask, secondsAway: number, why: string): AttemptEnd | undefined {
  const {on_lost, lost_seconds} = task.retry_policy
  if (secondsAway < lost_seconds) return undefined
  const error = `${GIVEN_UP} ${Math.floor(secondsAway)} s: ${why}`
  if (on_lost === 'wait') return failureOf(task, 'unknown', error)
  const end = failureOf(task, 'host', error)
  return on_lost === 'retry' ? end : {...end, result: 'failed'}
}

/** An attempt that did not start because its files could not be copied to the worker; one that is missing here will be so the next time too. */
export function endOfFailedUpload(task: RunningTask, error: unknown): AttemptEnd {
  if (HelixError.is(error) && error.kind === 'usage') return {...failureOf(task, 'host', messageOf(error)), result: 'failed'}
  return failureOf(task, 'transport', `its files could not be copied to the worker: ${messageOf(error)}`)
}

/**
 * A command that completed, but whose files could not be brought here. A file that it has not made is the command's failure, and counts
 * as one; where it is this machine that could not keep them, running the command again would not help.
 */
export function endOfFailedDownload(task: RunningTask, end: AttemptEnd, error: unknown): AttemptEnd {
  if (errorCode(error) === 'DOWNLOAD_MISSING') return {...end, ...failureOf(task, 'exit', messageOf(error))}
  return {...end, ...failureOf(task, 'host', `its files could not be copied from the worker: ${messageOf(error)}`), result: 'failed'}
}

/** An attempt that never ran: its task goes back to the queue. `unsent` when no worker was told of it either. */
export function backToQueue(task: RunningTask, result: 'released' | 'unsent', error: string): AttemptEnd {
  return {taskId: task.id, attempt: task.attempt, result, error}
}

function describeFailure(report: AttemptReport, task: RunningTask): [FailureKind, string] {
  if (report.timedOut) return ['timeout', `it ran longer than ${task.retry_policy.timeout_seconds} s`]
  if (report.outOfMemory) return ['memory', 'the kernel killed it for want of memory']
  if (report.signal) return ['signal', `it was ended by signal ${report.signal}`]
  return ['exit', `it exited with code ${report.exitCode}`]
}
