import {PROVIDER_API_VERSION, type ProviderPlugin} from '../../core/providers/provider-plugin.js'

/** The hook `helix:provider`: Groq. */
export default async function groq(): Promise<ProviderPlugin> {
  return {
    apiVersion: PROVIDER_API_VERSION,
    id: 'groq',
    label: 'Groq',
    settings: {},
    baseUrl: 'https://api.groq.com/openai/v1',
    keyVariables: ['GROQ_API_KEY'],
    keyRequired: true,
    prices: async () => (await import('./prices.js')).prices,
    async open(options) {
      const {GroqProvider} = await import('./chat.js')
      return new GroqProvider(options)
    },
  }
}
