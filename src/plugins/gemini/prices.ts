import type {PriceTable} from '../../core/providers/prices.js'

/**
 * For text, images and prompts of up to 200,000 tokens; audio, and longer prompts to the Pro models, cost more. Argon costs twice as much from
 * 2026-12-01, the Flash models from 3.6 on from 2027-01-01.
 */
export const prices: PriceTable = {
  date: '2026-10-20',
  source: 'https://ai.google.dev/gemini-api/docs/pricing',
  models: {
    'gemini-4-argon': {input: 2, output: 10, cachedInput: 0.1},
    'gemini-3.8-flash': {input: 0.75, output: 3.75, cachedInput: 0.075},
    'gemini-3.7-flash': {input: 0.75, output: 3.75, cachedInput: 0.075},
    'gemini-3.6-flash': {input: 0.75, output: 3.75, cachedInput: 0.075},
    'gemini-3.5-flash-lite': {input: 0.3, output: 2.5},
    'gemini-3.1-pro-preview': {input: 2, output: 12, cachedInput: 0.2},
    'gemini-3.1-flash-lite': {input: 0.25, output: 1.5, cachedInput: 0.025},
    'gemini-3-flash-preview': {input: 0.5, output: 3, cachedInput: 0.05},
    'gemini-2.5-pro': {input: 1.25, output: 10, cachedInput: 0.125},
    'gemini-2.5-flash': {input: 0.3, output: 2.5, cachedInput: 0.03},
    'gemini-2.5-flash-lite': {input: 0.1, output: 0.4, cachedInput: 0.01},
  },
}
