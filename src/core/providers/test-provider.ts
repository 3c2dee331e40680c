import {priceOf} from './prices.js'
import type {LLMProvider, ModelInfo, ProviderCapabilities} from './provider.js'
import type {ProviderEntry, ProviderRegistry} from './provider-registry.js'

/** Few enough to cost next to nothing, enough to see how fast they come. */
const MOST_TOKENS = 256
const QUESTION = 'Count from 1 to 20, with spaces between the numbers. Answer with nothing else.'

/** What a test of a provider has shown. Times in milliseconds. */
export interface ProviderTest {
  provider: string
  capabilities: ProviderCapabilities
  /** Null for a provider that has no model to ask. */
  model: string | null
  first_token_ms: number | null
  total_ms: number | null
  /** Of the answer, from its first piece on; null where the provider does not count tokens, or all came at once. */
  tokens_per_second: number | null
  text: string | null
}

/** Asks a model of a provider for a few words: the one named, else the cheapest, smallest or first that it lists. Rejects with what went wrong. */
export function testProvider(registry: ProviderRegistry, id: string, named: string | undefined, signal: AbortSignal): Promise<ProviderTest> {
  const entry = registry.find(id)
  return registry.use(id, async (provider) => {
    const model = named ?? (await chooseModel(entry, await provider.listModels({signal})))
    const facts = {provider: id, capabilities: provider.getCapabilities()}
    if (model === undefined) return {...facts, model: null, first_token_ms: null, total_ms: null, tokens_per_second: null, text: null}
    return {...facts, model, ...(await measure(provider, model, signal))}
  })
}

async function measure(provider: LLMProvider, model: string, signal: AbortSignal): Promise<Omit<ProviderTest, 'provider' | 'capabilities' | 'model'>> {
  const start = performance.now()
  const elapsed = () => Math.round(performance.now() - start)
  let text = ''
  let firstToken: number | null = null
  let tokens = 0
  for await (const event of provider.stream({model, messages: [{role: 'user', content: QUESTION}], maxTokens: MOST_TOKENS}, {signal})) {
    if (event.type === 'error') throw event.error
    if (event.type === 'text' || event.type === 'reasoning') firstToken ??= elapsed()
    if (event.type === 'text') text += event.text
    if (event.type === 'usage') tokens = event.usage.outputTokens ?? tokens
  }
  const total = elapsed()
  const seconds = (total - (firstToken ?? total)) / 1000
  return {first_token_ms: firstToken, total_ms: total, tokens_per_second: tokens > 0 && seconds > 0 ? Math.round((tokens / seconds) * 10) / 10 : null, text}
}

/** A model that costs next to nothing to ask. */
async function chooseModel({plugin}: ProviderEntry, models: readonly ModelInfo[]): Promise<string | undefined> {
  const table = await plugin.prices?.()
  const costs = models.map(({id, price, sizeBytes}) => ({id, cost: (price ?? (table && priceOf(id, table)))?.output, sizeBytes}))
  const priced = costs.filter(({cost}) => cost !== undefined).sort((a, b) => Number(a.cost) - Number(b.cost))
  const sized = costs.filter(({sizeBytes}) => sizeBytes !== undefined).sort((a, b) => Number(a.sizeBytes) - Number(b.sizeBytes))
  return (priced[0] ?? sized[0] ?? costs[0])?.id
}
