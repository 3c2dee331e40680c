import {describe, expect, it} from '@jest/globals'
import {costOf, priceOf} from '../../../src/core/providers/prices.js'

const SMALL = {input: 1, output: 4}
const LARGE = {input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75}
const TIERED = {...SMALL, long: {above: 100_000, input: 5, output: 20}}
const TABLE = {models: {m: SMALL, 'm-large': LARGE, 'm-2024-08-06': LARGE}}

describe('the price of a model', () => {
  it.each([
    ['m', SMALL],
    ['m-20250929', SMALL],
    ['m-2025-09-29', SMALL],
    ['m-2024-08-06', LARGE],
    ['m-001', SMALL],
    ['m-latest', SMALL],
    ['m-large', LARGE],
    ['m-mini', undefined],
    ['n', undefined],
  ])('of %s', (model, price) => {
    expect(priceOf(model, TABLE)).toBe(price)
  })
})

describe('the cost of an answer', () => {
  it.each([
    ['by its tokens', {inputTokens: 1_000_000, outputTokens: 500_000}, SMALL, 3],
    ['with what the cache gave and took', {inputTokens: 1_000_000, cachedTokens: 400_000, cacheWriteTokens: 100_000}, LARGE, 0.5 * 3 + 0.4 * 0.3 + 0.1 * 3.75],
    ['with a cache that costs as much', {inputTokens: 1_000_000, cachedTokens: 400_000}, SMALL, 1],
    ['by the price of a short request', {inputTokens: 100_000, outputTokens: 100_000}, TIERED, 0.5],
    ['by the price of a long request', {inputTokens: 100_001, outputTokens: 100_000}, TIERED, 2.500005],
    ['as the provider told it', {inputTokens: 1_000_000, outputTokens: 1, cost: 0.25}, LARGE, 0.25],
    ['is not known without a price', {inputTokens: 1}, undefined, undefined],
    ['is not known without counts', {}, SMALL, undefined],
  ])('%s', (_, usage, price, cost) => {
    const found = costOf(usage, price)
    if (cost === undefined) expect(found).toBeUndefined()
    else expect(found).toBeCloseTo(cost, 10)
  })
})
