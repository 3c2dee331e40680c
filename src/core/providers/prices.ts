import type {Usage} from './provider.js'

/** US dollars for a million tokens. */
export interface ModelPrice {
  input: number
  output: number
  /** Input from the provider's cache; as other input where absent. */
  cachedInput?: number
  /** Input that is written to the provider's cache; as other input where absent. */
  cacheWrite?: number
  /** What all of a request costs that has more input than so many tokens. */
  long?: Omit<ModelPrice, 'long'> & {above: number}
}

/** What the models of a provider cost, as it said on a day. */
export interface PriceTable {
  /** The day, as YYYY-MM-DD. */
  date: string
  /** Where the provider says so. */
  source: string
  /** By the id of the model. One without a date stands for its dated versions too. */
  models: Record<string, ModelPrice>
}

const MILLION = 1_000_000

/** The price of a model; undefined where the table has none. */
export function priceOf(model: string, {models}: Pick<PriceTable, 'models'>): ModelPrice | undefined {
  // Providers date a version as -20250929, -2025-09-29, -2507 or -001, and the newest as -latest.
  return models[model] ?? models[model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|\d{3,4}|latest)$/, '')]
}

/** The price that counts for a request with so many tokens of input. */
export function tierOf(price: ModelPrice, inputTokens: number): ModelPrice {
  return price.long && inputTokens > price.long.above ? price.long : price
}

/** What an answer costs in US dollars: what the provider itself told, else by the price; undefined where that cannot be known. */
export function costOf(usage: Usage, price: ModelPrice | undefined): number | undefined {
  const {inputTokens, outputTokens, cachedTokens = 0, cacheWriteTokens = 0, cost} = usage
  if (cost !== undefined) return cost
  if (!price || (inputTokens === undefined && outputTokens === undefined)) return undefined
  const {input, output, cachedInput = input, cacheWrite = input} = tierOf(price, inputTokens ?? 0)
  const plain = Math.max(0, (inputTokens ?? 0) - cachedTokens - cacheWriteTokens)
  return (plain * input + cachedTokens * cachedInput + cacheWriteTokens * cacheWrite + (outputTokens ?? 0) * output) / MILLION
}
