import {describe, expect, test} from '@jest/globals'
import {parseDuration, parseSize} from '../../../src/core/tasks/parse-quantity.js'

describe('a duration', () => {
  test.each([
    ['90', 90],
    ['1.5', 1.5],
    ['90s', 90],
    ['10m', 600],
    ['1h30m', 5400],
    ['2d', 172_800],
    ['250ms', 0.25],
    ['0', 0],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBeCloseTo(seconds)
  })

  test.each(['', 'soon', '10 m', '-5s', '5s x', '1h30', '10M', 'm10', '1,5s', '1e3', 'Infinity'])('%j is refused as usage', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({kind: 'usage', code: 'DURATION_INVALID'}))
  })
})

describe('a size', () => {
  test.each([
    ['512', 512],
    ['512B', 512],
    ['2GB', 2e9],
    ['2gb', 2e9],
    ['2G', 2e9],
    ['1.5GiB', 1.5 * 1024 ** 3],
    ['64 MiB', 64 * 1024 ** 2],
    ['1TB', 1e12],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  test.each(['', 'big', '-1GB', '2 PB', '1.GB', '0x10', '1GBit'])('%j is refused as usage', (text) => {
    expect(() => parseSize(text)).toThrow(expect.objectContaining({kind: 'usage', code: 'SIZE_INVALID'}))
  })
})
