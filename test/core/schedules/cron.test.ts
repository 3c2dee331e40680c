import {describe, expect, test} from '@jest/globals'
import {checkCron, nextRun} from '../../../src/core/schedules/cron.js'

const next = (cron: string, timezone: string, after: string) => nextRun(cron, timezone, new Date(after))?.toISOString()

describe('a cron expression', () => {
  test('names times in its zone, after the one given', () => {
    expect(next('0 3 * * *', 'Europe/Berlin', '2026-07-01T12:00:00Z')).toBe('2026-07-02T01:00:00.000Z')
    expect(next('0 3 * * *', 'Europe/Berlin', '2026-12-01T12:00:00Z')).toBe('2026-12-02T02:00:00.000Z')
    expect(next('30 9 * * 1-5', 'UTC', '2026-11-20T09:30:00Z')).toBe('2026-11-23T09:30:00.000Z')
    expect(next('*/10 * * * * *', 'UTC', '2026-11-20T09:30:00.400Z')).toBe('2026-11-20T09:30:10.000Z')
    expect(next('@daily', 'UTC', '2026-11-20T09:30:00Z')).toBe('2026-11-21T00:00:00.000Z')
  })

  test('comes once at a time that the clocks skip or repeat', () => {
    // In Berlin 2:00 to 3:00 is skipped on 29 March 2026, and repeated on 25 October.
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z')
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z')
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z')
  })

  test('may name no time at all', () => {
    expect(next('0 0 31 2 *', 'UTC', '2026-11-20T09:30:00Z')).toBeUndefined()
  })

  test.each(['', '* * * *', '60 * * * *', '* * * * mon-fri-sun', '0 0 0 0 0 0 2030', 'soon', '*/0 * * * *'])('%j is refused in one line', (cron) => {
    let refusal: unknown
    try {
      checkCron(cron, 'UTC')
    } catch (error) {
      refusal = error
    }
    expect(refusal).toMatchObject({kind: 'usage', code: 'CRON_INVALID', message: expect.not.stringContaining('\n')})
  })

  test('in a zone that does not exist is refused', () => {
    expect(() => checkCron('* * * * *', 'Mars/Olympus')).toThrow('Mars/Olympus is not a time zone')
  })
})
