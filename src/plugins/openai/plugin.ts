import {PROVIDER_API_VERSION, type ProviderPlugin} from '../../core/providers/provider-plugin.js'
import {OPENAI_URL} from './endpoint.js'

/** The hook `helix:provider`: OpenAI, and every server that speaks its chat completions. */
export default async function openai(): Promise<ProviderPlugin> {
  return {
    apiVersion: PROVIDER_API_VERSION,
    id: 'openai',
    label: 'OpenAI and compatible servers',
    settings: {},
    baseUrl: OPENAI_URL,
    keyVariables: ['OPENAI_API_KEY'],
    keyRequired: true,
    prices: async () => (await import('./prices.js')).prices,
    async open(options) {
      const {OpenAIProvider} = await import('./chat.js')
      return new OpenAIProvider(options)
    },
  }
}
