import {PROVIDER_API_VERSION, type ProviderPlugin} from '../../core/providers/provider-plugin.js'

/** The hook `helix:provider`: Hugging Face's Inference Providers, and Inference Endpoints of one's own. */
export default async function huggingface(): Promise<ProviderPlugin> {
  return {
    apiVersion: PROVIDER_API_VERSION,
    id: 'huggingface',
    label: 'Hugging Face',
    settings: {
      bill_to: {type: 'string', minLength: 1, description: 'organization that pays for what is asked through Inference Providers; otherwise you'},
    },
    baseUrl: 'https://router.huggingface.co/v1',
    keyVariables: ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HUGGINGFACE_API_KEY'],
    keyRequired: true,
    async open(options) {
      const {HuggingFaceProvider} = await import('./chat.js')
      return new HuggingFaceProvider(options)
    },
  }
}
