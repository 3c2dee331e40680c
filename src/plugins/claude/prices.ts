import type {ModelPrice, PriceTable} from '../../core/providers/prices.js'

const FABLE: ModelPrice = {input: 10, output: 50, cachedInput: 1, cacheWrite: 12.5}
const FABLE_5_1: ModelPrice = {...FABLE, cachedInput: 0.25}
const OPUS: ModelPrice = {input: 5, output: 25, cachedInput: 0.5, cacheWrite: 6.25}
const SONNET: ModelPrice = {input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75}

/** Caches are priced for five minutes, which is how long Helix has them kept. */
export const prices: PriceTable = {
  date: '2026-10-24',
  source: 'https://platform.claude.com/docs/en/about-claude/pricing',
  models: {
    'claude-fable-5-1': FABLE_5_1,
    'claude-mythos-5-1': FABLE_5_1,
    'claude-fable-5': FABLE,
    'claude-mythos-5': FABLE,
    'claude-opus-5-5': {input: 4, output: 20, cachedInput: 0.2, cacheWrite: 5},
    'claude-opus-5': OPUS,
    'claude-opus-4-8': OPUS,
    'claude-opus-4-7': OPUS,
    'claude-opus-4-6': OPUS,
    'claude-opus-4-5': OPUS,
    'claude-opus-4-1': {input: 15, output: 75, cachedInput: 1.5, cacheWrite: 18.75},
    'claude-sonnet-5-5': {input: 2, output: 10, cachedInput: 0.1, cacheWrite: 2.5},
    'claude-sonnet-5': {input: 2, output: 10, cachedInput: 0.2, cacheWrite: 2.5},
    'claude-sonnet-4-6': SONNET,
    'claude-sonnet-4-5': SONNET,
    'claude-haiku-5-5': {
      ...{input: 0.1, output: 0.5, cachedInput: 0.01, cacheWrite: 0.125},
      long: {above: 100_000, input: 0.5, output: 2.5, cachedInput: 0.05, cacheWrite: 0.625},
    },
    'claude-haiku-4-5': {input: 1, output: 5, cachedInput: 0.1, cacheWrite: 1.25},
  },
}
