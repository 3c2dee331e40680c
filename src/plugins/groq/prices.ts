import type {PriceTable} from '../../core/providers/prices.js'

/** What the models cost. Where the page names no price for input from the cache, that costs as much as other input. */
export const prices: PriceTable = {
  date: '2026-04-21',
  source: 'https://groq.com/pricing',
  models: {
    'llama-3.1-8b-instant': {input: 0.05, output: 0.08},
    'llama-3.3-70b-versatile': {input: 0.59, output: 0.79},
    'meta-llama/llama-4-scout-17b-16e-instruct': {input: 0.11, output: 0.34},
    'openai/gpt-oss-20b': {input: 0.075, output: 0.3, cachedInput: 0.0375},
    'openai/gpt-oss-120b': {input: 0.15, output: 0.6, cachedInput: 0.075},
    'qwen/qwen3-32b': {input: 0.29, output: 0.59},
  },
}
