import {PROVIDER_API_VERSION, type ProviderPlugin} from '../../core/providers/provider-plugin.js'
import {HOSTED_URL} from './failures.js'

/** The hook `helix:provider`: NVIDIA's hosted models, and NIM containers of one's own. */
export default async function nvidia(): Promise<ProviderPlugin> {
  return {
    apiVersion: PROVIDER_API_VERSION,
    id: 'nvidia',
    label: 'NVIDIA NIM',
    settings: {},
    baseUrl: HOSTED_URL,
    keyVariables: ['NVIDIA_API_KEY'],
    keyRequired: true,
    async open(options) {
      const {NvidiaProvider} = await import('./chat.js')
      return new NvidiaProvider(options)
    },
  }
}
