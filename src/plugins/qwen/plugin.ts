import {PROVIDER_API_VERSION, type ProviderPlugin} from '../../core/providers/provider-plugin.js'

/** The hook `helix:provider`: Qwen, and what else Alibaba Cloud's Model Studio (DashScope) serves. */
export default async function qwen(): Promise<ProviderPlugin> {
  return {
    apiVersion: PROVIDER_API_VERSION,
    id: 'qwen',
    label: 'Qwen (Alibaba Cloud Model Studio)',
    settings: {},
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    keyVariables: ['DASHSCOPE_API_KEY'],
    keyRequired: true,
    prices: async () => (await import('./prices.js')).prices,
    async open(options) {
      const {QwenProvider} = await import('./chat.js')
      return new QwenProvider(options)
    },
  }
}
