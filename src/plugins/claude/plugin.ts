import {PROVIDER_API_VERSION, type ProviderPlugin} from '../../core/providers/provider-plugin.js'

/** The hook `helix:provider`: Anthropic's Claude, and every server that speaks its Messages API. */
export default async function claude(): Promise<ProviderPlugin> {
  return {
    apiVersion: PROVIDER_API_VERSION,
    id: 'claude',
    label: 'Anthropic Claude',
    settings: {},
    baseUrl: 'https://api.anthropic.com',
    keyVariables: ['ANTHROPIC_API_KEY'],
    keyRequired: true,
    prices: async () => (await import('./prices.js')).prices,
    async open(options) {
      const {ClaudeProvider} = await import('./chat.js')
      return new ClaudeProvider(options)
    },
  }
}
