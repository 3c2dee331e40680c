import {describe, expect, test} from '@jest/globals'
import {HelixError} from '../../../src/core/errors/helix-error.js'
import {backToQueue, endOfFailedDownload, endOfFailedUpload, endOfLostWorker, endOfReport, failureOf} from '../../../src/core/scheduler/attempt-end.js'
import {DEFAULT_POLICY, FAILURE_KINDS, type RunningTask, type TaskPolicy} from '../../../src/core/tasks/task.js'
import type {AttemptReport} from '../../../src/core/workers/attempt-report.js'

const task = (policy: Partial<TaskPolicy> = {}, failures = 0) =>
  ({id: 'task', attempt: failures + 1, failures, retry_policy: {...DEFAULT_POLICY, ...policy}}) as RunningTask

const nothing = Buffer.alloc(0)
function report(about: Partial<AttemptReport>): AttemptReport {
  return {exitCode: 0, signal: null, outOfMemory: false, timedOut: false, stdoutBytes: 0, stderrBytes: 0, stdoutTail: nothing, stderrTail: nothing, ...about}
}

describe('a report of a worker', () => {
  test.each<[string, Partial<AttemptReport>, object]>([
    ['exit 0', {}, {result: 'completed', exitCode: 0}],
    ['exit 1', {exitCode: 1}, {result: 'failed', failureKind: 'exit', exitCode: 1}],
    ['exit 137, which is no signal', {exitCode: 137}, {result: 'failed', failureKind: 'exit', exitCode: 137}],
    ['exit 255, which is no lost connection', {exitCode: 255}, {result: 'failed', failureKind: 'exit', exitCode: 255}],
    ['a signal', {exitCode: null, signal: 'SEGV'}, {result: 'failed', failureKind: 'signal', signal: 'SEGV', exitCode: null}],
    ['killed for memory', {exitCode: null, signal: 'KILL', outOfMemory: true}, {result: 'failed', failureKind: 'memory'}],
    ['its time was over', {exitCode: null, signal: 'TERM', timedOut: true}, {result: 'failed', failureKind: 'timeout'}],
    ['its time was over and it ended well when told', {timedOut: true}, {result: 'failed', failureKind: 'timeout', exitCode: 0}],
  ])('%s', (_, about, end) => {
    expect(endOfReport(task(), report(about), false)).toMatchObject(end)
  })

  test('counts as cancelled when that was asked for, unless the command had completed', () => {
    expect(endOfReport(task({retries: 3}), report({exitCode: null, signal: 'TERM'}), true)).toMatchObject({result: 'cancelled'})
    expect(endOfReport(task(), report({}), true)).toMatchObject({result: 'completed'})
  })
})

describe('a failed attempt', () => {
  test('is tried again as often as the policy says, for the kinds that it names', () => {
    for (const kind of FAILURE_KINDS) {
      expect(failureOf(task({retries: 2, retry_on: [kind]}), kind, 'x').result).toBe('retry')
      const others = FAILURE_KINDS.filter((other) => other !== kind)
      expect(failureOf(task({retries: 2, retry_on: others}), kind, 'x').result).toBe('failed')
    }
    const results = [0, 1, 2].map((failures) => failureOf(task({retries: 2}, failures), 'exit', 'x').result)
    expect(results).toEqual(['retry', 'retry', 'failed'])
  })

  test('is not tried again by itself when nobody knows how it ended, or what it needs failed', () => {
    expect(failureOf(task({retries: 9}), 'unknown', 'x').result).toBe('failed')
    expect(failureOf(task({retries: 9}), 'dependency', 'x').result).toBe('failed')
  })

  test('waits longer each time, never at the same moment as all the others, at most five minutes', () => {
    for (let failures = 0; failures < 40; failures++) {
      const full = Math.min(300, 2 ** failures)
      const waits = Array.from({length: 50}, () => failureOf(task({retries: 100}, failures), 'exit', 'x').retryAfterSeconds ?? 0)
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(Math.floor(full / 2))
      expect(Math.max(...waits)).toBeLessThanOrEqual(full)
      if (failures > 5) expect(new Set(waits).size).toBeGreaterThan(1)
    }
  })

  test('that never ran is not a failure', () => {
    expect(backToQueue(task({}, 3), 'unsent', 'w1 is away')).toEqual({taskId: 'task', attempt: 4, result: 'unsent', error: 'w1 is away'})
  })
})

describe('a task whose worker stays away', () => {
  test('is waited for for ten minutes; then nobody knows how it ended', () => {
    expect(endOfLostWorker(task(), 599, 'no answer')).toBeUndefined()
    const end = endOfLostWorker(task({retries: 3}), 600.4, 'no answer')
    expect(end).toMatchObject({result: 'failed', failureKind: 'unknown', error: 'its worker has been away for 600 s: no answer'})
  })

  test('is tried elsewhere, as a failure of the host, if that was asked for', () => {
    const policy = {on_lost: 'retry', lost_seconds: 30, retries: 1} as const
    expect(endOfLostWorker(task(policy), 29, 'x')).toBeUndefined()
    expect(endOfLostWorker(task(policy), 30, 'x')).toMatchObject({result: 'retry', failureKind: 'host'})
    expect(endOfLostWorker(task(policy, 1), 30, 'x')).toMatchObject({result: 'failed', failureKind: 'host'})
  })

  test('has failed, whatever its retries, if that was asked for', () => {
    const policy = {on_lost: 'fail', lost_seconds: 30, retries: 5} as const
    expect(endOfLostWorker(task(policy), 29, 'x')).toBeUndefined()
    expect(endOfLostWorker(task(policy), 31, 'x')).toMatchObject({result: 'failed', failureKind: 'host'})
  })
})

describe('files that could not be copied', () => {
  const lost = new HelixError('unavailable', 'the connection was lost', {code: 'CONNECTION_LOST'})

  test('to the worker fail the attempt, which is tried again unless the file is gone', () => {
    expect(endOfFailedUpload(task({retries: 1}), lost)).toMatchObject({result: 'retry', failureKind: 'transport'})
    const gone = new HelixError('usage', 'there is no file /x to upload', {code: 'UPLOAD_MISSING'})
    expect(endOfFailedUpload(task({retries: 1}), gone)).toMatchObject({result: 'failed', failureKind: 'host', error: 'there is no file /x to upload'})
  })

  test('from the worker fail a command that did not make them, and do not run one again that did', () => {
    const completed = endOfReport(task(), report({stdoutBytes: 3}), false)
    const missing = new HelixError('usage', 'there is no file out to download', {code: 'DOWNLOAD_MISSING'})
    const facts = {exitCode: 0, stdoutBytes: 3}
    expect(endOfFailedDownload(task(), completed, missing)).toMatchObject({result: 'failed', failureKind: 'exit', error: missing.message, ...facts})
    expect(endOfFailedDownload(task({retries: 1}), completed, missing)).toMatchObject({result: 'retry', failureKind: 'exit', ...facts})
    expect(endOfFailedDownload(task({retries: 1}), completed, new Error('ENOSPC'))).toMatchObject({result: 'failed', failureKind: 'host', ...facts})
  })
})
