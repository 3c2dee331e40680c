import type {PriceTable} from '../../core/providers/prices.js'

/** What the models of OpenAI itself cost, for prompts of up to 272,000 tokens. */
export const prices: PriceTable = {
  date: '2026-06-04',
  source: 'https://openai.com/api/pricing',
  models: {
    'gpt-5.5': {input: 5, output: 30, cachedInput: 0.5},
    'gpt-5.5-pro': {input: 30, output: 180},
    'gpt-5.4': {input: 2.5, output: 15, cachedInput: 0.25},
    'gpt-5.4-mini': {input: 0.75, output: 4.5, cachedInput: 0.075},
    'gpt-5.4-nano': {input: 0.2, output: 1.25, cachedInput: 0.02},
    'gpt-5.4-pro': {input: 30, output: 180},
    'gpt-5': {input: 1.25, output: 10, cachedInput: 0.125},
    'gpt-5-mini': {input: 0.25, output: 2, cachedInput: 0.025},
    'gpt-5-nano': {input: 0.05, output: 0.4, cachedInput: 0.005},
    'gpt-4.1': {input: 2, output: 8, cachedInput: 0.5},
    'gpt-4.1-mini': {input: 0.4, output: 1.6, cachedInput: 0.1},
    'gpt-4.1-nano': {input: 0.1, output: 0.4, cachedInput: 0.025},
    'gpt-4o': {input: 2.5, output: 10, cachedInput: 1.25},
    'gpt-4o-mini': {input: 0.15, output: 0.6, cachedInput: 0.075},
    o3: {input: 2, output: 8, cachedInput: 0.5},
    'o4-mini': {input: 1.1, output: 4.4, cachedInput: 0.275},
  },
}
