import type {PriceTable} from '../../core/providers/prices.js'

/** What Mistral's models cost. Input from its cache costs a tenth: https://docs.mistral.ai/studio-api/conversations/advanced/prompt-caching */
export const prices: PriceTable = {
  date: '2026-10-06',
  source: 'https://docs.mistral.ai/inference/pricing',
  models: {
    // Half of its list price for as long as it is a preview.
    'mistral-large-4': {input: 0.68, output: 2.09, cachedInput: 0.07},
    'mistral-large-4-0': {input: 0.68, output: 2.09, cachedInput: 0.07},
    'mistral-large-2512': {input: 0.5, output: 1.5, cachedInput: 0.05},
    'mistral-large-latest': {input: 0.5, output: 1.5, cachedInput: 0.05},
    'mistral-medium-2604': {input: 1.5, output: 7.5, cachedInput: 0.15},
    'mistral-medium-3-5': {input: 1.5, output: 7.5, cachedInput: 0.15},
    'mistral-medium-latest': {input: 1.5, output: 7.5, cachedInput: 0.15},
    'mistral-small-2603': {input: 0.15, output: 0.6, cachedInput: 0.015},
    'mistral-small-latest': {input: 0.15, output: 0.6, cachedInput: 0.015},
    'magistral-small-latest': {input: 0.15, output: 0.6, cachedInput: 0.015},
    'magistral-medium-latest': {input: 2, output: 5, cachedInput: 0.2},
    'ministral-3b': {input: 0.1, output: 0.1, cachedInput: 0.01},
    'ministral-8b': {input: 0.15, output: 0.15, cachedInput: 0.015},
    'ministral-14b': {input: 0.2, output: 0.2, cachedInput: 0.02},
    codestral: {input: 0.3, output: 0.9, cachedInput: 0.03},
    'zai-glm-5-2': {input: 1.4, output: 4.4, cachedInput: 0.14},
  },
}
