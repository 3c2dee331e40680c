import {PROVIDER_API_VERSION, type ProviderPlugin} from '../../core/providers/provider-plugin.js'

/** The hook `helix:provider`: OpenRouter. It tells with each answer what that cost, and with its models what they cost. */
export default async function openrouter(): Promise<ProviderPlugin> {
  return {
    apiVersion: PROVIDER_API_VERSION,
    id: 'openrouter',
    label: 'OpenRouter',
    settings: {},
    baseUrl: 'https://openrouter.ai/api/v1',
    keyVariables: ['OPENROUTER_API_KEY'],
    keyRequired: true,
    async open(options) {
      const {OpenRouterProvider} = await import('./chat.js')
      return new OpenRouterProvider(options)
    },
  }
}
