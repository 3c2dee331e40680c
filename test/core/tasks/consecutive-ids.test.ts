import {expect, test} from '@jest/globals'
import {consecutiveIds} from '../../../src/core/tasks/consecutive-ids.js'

const DIGITS = 16 ** 8

test('ids of tasks that are queued together count on in their first eight digits and are random behind them', () => {
  const newId = consecutiveIds()
  const ids = Array.from({length: 1000}, newId)
  const firsts = ids.map((id) => Number.parseInt(id.slice(0, 8), 16))
  expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true)
  expect(firsts).toEqual(firsts.map((_, index) => ((firsts[0] ?? 0) + index) % DIGITS))
  expect(new Set(ids.map((id) => id.slice(8))).size).toBe(ids.length)
})
