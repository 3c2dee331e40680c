import {describe, expect, test} from '@jest/globals'
import {instantAfter, parseInstant} from '../../../src/core/tasks/parse-instant.js'

const now = new Date(2030, 0, 31, 12, 0, 0)

describe('a time to come', () => {
  test.each<[string, Date]>([
    ['2030-02-01', new Date(2030, 1, 1)],
    ['2030-01-31T18:00', new Date(2030, 0, 31, 18)],
    ['2030-01-31 18:00:30', new Date(2030, 0, 31, 18, 0, 30)],
    ['2030-01-31T18:00:30.5', new Date(2030, 0, 31, 18, 0, 30)],
    ['2032-02-29T00:00', new Date(2032, 1, 29)],
    ['18:00', new Date(2030, 0, 31, 18)],
    ['06:30', new Date(2030, 1, 1, 6, 30)],
  ])('%s is read in the zone of this machine', (text, at) => {
    expect(parseInstant(text, now)).toEqual(at)
  })

  test.each([
    ['2030-06-01T12:00Z', '2030-06-01T12:00:00.000Z'],
    ['2030-06-01T12:00+02:00', '2030-06-01T10:00:00.000Z'],
    ['2030-06-01T12:00-0530', '2030-06-01T17:30:00.000Z'],
    ['2030-06-01T12:00+02', '2030-06-01T10:00:00.000Z'],
  ])('%s says its zone', (text, at) => {
    expect(parseInstant(text, now).toISOString()).toBe(at)
  })

  test.each(['', 'soon', '2030-02-30', '2030-13-01T10:00', '24:00', '12:60', '2031-01-01T', 'T12:00', '18:00Z', '2031-1-1', '1893456000', '2031-01-01T10:00 '])(
    '%j is refused',
    (text) => {
      expect(() => parseInstant(text, now)).toThrow(expect.objectContaining({kind: 'usage', code: 'TIME_INVALID'}))
    },
  )

  test('must be to come, and not by mistake in a far future', () => {
    expect(() => parseInstant('2030-01-31T11:59', now)).toThrow('2030-01-31T11:59 has passed')
    expect(() => parseInstant('2130-01-31', now)).toThrow('ten years')
    expect(() => instantAfter(1e9, now)).toThrow('ten years')
    expect(instantAfter(90, now)).toEqual(new Date(2030, 0, 31, 12, 1, 30))
  })
})
