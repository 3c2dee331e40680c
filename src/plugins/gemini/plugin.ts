import {PROVIDER_API_VERSION, type ProviderPlugin} from '../../core/providers/provider-plugin.js'

/** The hook `helix:provider`: Google's models, through the Gemini API. */
export default async function gemini(): Promise<ProviderPlugin> {
  return {
    apiVersion: PROVIDER_API_VERSION,
    id: 'gemini',
    label: 'Google Gemini',
    settings: {},
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    keyRequired: true,
    prices: async () => (await import('./prices.js')).prices,
    async open(options) {
      const {GeminiProvider} = await import('./chat.js')
      return new GeminiProvider(options)
    },
  }
}
