import type {PriceTable} from '../../core/providers/prices.js'

/** What the models cost in Singapore, for prompts of up to 256,000 tokens; those whose price has steps below that are left out. */
export const prices: PriceTable = {
  date: '2026-09-11',
  source: 'https://www.alibabacloud.com/help/en/model-studio/model-pricing',
  models: {
    'qwen3.8-max': {input: 2, output: 6},
    'qwen3.8-flash': {input: 0.15, output: 0.47, cachedInput: 0.016},
    'qwen3.7-max': {input: 2.5, output: 7.5},
    'qwen3.7-plus': {input: 0.4, output: 1.6, cachedInput: 0.08},
    'qwen3.6-plus': {input: 0.5, output: 3},
  },
}
