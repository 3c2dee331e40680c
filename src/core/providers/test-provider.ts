import type {ProviderCapabilities} from './provider.js'
import type {ProviderRegistry} from './provider-registry.js'

/** What a test of a provider has shown. Times in milliseconds. */
export interface ProviderTest {
  provider: string
  capabilities: ProviderCapabilities
  /** Until it had answered with its list of models. */
  answered_ms: number
  model: string | null
  first_token_ms: number | null
  total_ms: number | null
  text: string | null
}

/** Asks a provider for its models and, when one is named, that model for a word. Rejects with what went wrong. */
export function testProvider(registry: ProviderRegistry, id: string, model: string | undefined, signal: AbortSignal): Promise<ProviderTest> {
  return registry.use(id, async (provider) => {
    const start = performance.now()
    const elapsed = () => Math.round(performance.now() - start)
    await provider.validateConfig({signal})
    const facts = {provider: id, capabilities: provider.getCapabilities(), answered_ms: elapsed()}
    if (model === undefined) return {...facts, model: null, first_token_ms: null, total_ms: null, text: null}
    let text = ''
    let firstToken: number | null = null
    for await (const event of provider.stream({model, messages: [{role: 'user', content: 'Answer with the word OK.'}], maxTokens: 200}, {signal})) {
      if (event.type === 'error') throw event.error
      if (event.type === 'text' || event.type === 'reasoning') firstToken ??= elapsed() - facts.answered_ms
      if (event.type === 'text') text += event.text
    }
    return {...facts, model, first_token_ms: firstToken, total_ms: elapsed() - facts.answered_ms, text}
  })
}
