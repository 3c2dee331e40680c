import {PROVIDER_API_VERSION, type ProviderPlugin} from '../../core/providers/provider-plugin.js'

/** The hook `helix:provider`: DeepSeek. */
export default async function deepseek(): Promise<ProviderPlugin> {
  return {
    apiVersion: PROVIDER_API_VERSION,
    id: 'deepseek',
    label: 'DeepSeek',
    settings: {},
    baseUrl: 'https://api.deepseek.com',
    keyVariables: ['DEEPSEEK_API_KEY'],
    keyRequired: true,
    prices: async () => (await import('./prices.js')).prices,
    async open(options) {
      const {DeepSeekProvider} = await import('./chat.js')
      return new DeepSeekProvider(options)
    },
  }
}
