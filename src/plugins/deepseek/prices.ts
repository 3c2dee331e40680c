import type {PriceTable} from '../../core/providers/prices.js'

const FLASH = {input: 0.3, output: 1.2, cachedInput: 0.006}

/** What DeepSeek takes in its peak hours; in the others, and on weekends, it is half as much. */
export const prices: PriceTable = {
  date: '2026-11-15',
  source: 'https://api-docs.deepseek.com/quick_start/pricing',
  models: {
    'deepseek-flash': FLASH,
    'deepseek-v4-flash': FLASH,
    'deepseek-v4-flash-vision-exp': FLASH,
    'deepseek-v4-pro': {input: 1.32, output: 3.96, cachedInput: 0.044},
  },
}
