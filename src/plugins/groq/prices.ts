import type {PriceTable} from '../../core/providers/prices.js'

/** What the models cost. Where the page names no price for input from the cache, that costs as much as other input. */
export const prices: PriceTable = {
  date: '2026-08-29',
  source: 'https://groq.com/pricing',
  models: {
    'openai/gpt-oss-20b': {input: 0.075, output: 0.3, cachedInput: 0.0375},
    'openai/gpt-oss-120b': {input: 0.15, output: 0.6, cachedInput: 0.075},
    'qwen/qwen3.6-27b': {input: 0.6, output: 3},
    'qwen/qwen3.8-27b': {input: 0.8, output: 4, cachedInput: 0.4},
  },
}
