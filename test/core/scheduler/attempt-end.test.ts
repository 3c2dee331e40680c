import {describe, expect, test} from '@jest/globals'
import {backToQueue, endOfReport, failureOf} from '../../../src/core/scheduler/attempt-end.js'
import {DEFAULT_POLICY, FAILURE_KINDS, type TaskPolicy, type TaskRow} from '../../../src/core/tasks/task.js'
import type {AttemptReport} from '../../../src/core/workers/attempt-report.js'

const task = (policy: Partial<TaskPolicy> = {}, failures = 0) =>
  ({id: 'task', attempt: failures + 1, failures, retry_policy: {...DEFAULT_POLICY, ...policy}}) as TaskRow

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
