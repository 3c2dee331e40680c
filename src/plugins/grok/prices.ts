import type {PriceTable} from '../../core/providers/prices.js'

const LARGE = {input: 2, output: 6, cachedInput: 0.5}
const MEDIUM = {input: 1.25, output: 2.5, cachedInput: 0.2}

/** What the models cost for prompts of up to 200,000 tokens. Each answer tells its own cost, which counts instead. */
export const prices: PriceTable = {
  date: '2026-09-22',
  source: 'https://docs.x.ai/developers/pricing',
  models: {
    'grok-4.7': LARGE,
    'grok-4.6': LARGE,
    'grok-4.5': LARGE,
    'grok-4.3': MEDIUM,
    'grok-4.20-0309-reasoning': MEDIUM,
    'grok-4.20-0309-non-reasoning': MEDIUM,
    'grok-build-0.1': {input: 1, output: 2, cachedInput: 0.2},
  },
}
