import {PROVIDER_API_VERSION, type ProviderPlugin} from '../../core/providers/provider-plugin.js'
import {unneededBuilds} from './builds.js'

/** The hook `helix:provider`: models that run in this process, in llama.cpp. */
export default async function llamacpp(): Promise<ProviderPlugin> {
  return {
    apiVersion: PROVIDER_API_VERSION,
    id: 'llamacpp',
    label: 'llama.cpp',
    settings: {
      models_folder: {type: 'string', minLength: 1, description: 'folder with models as GGUF files; a model may be named relative to it'},
      threads: {type: 'integer', minimum: 1, maximum: 1024, description: 'threads to compute with; as many as there are idle cores where absent'},
      gpu_layers: {type: 'integer', minimum: 0, description: 'layers of the model that go to the GPU, 0 for none; as many as fit where absent'},
      context_size: {
        type: 'integer',
        minimum: 256,
        maximum: 10_000_000,
        description: 'tokens of prompt and answer together; as many as fit, at most 16384, where absent',
      },
    },
    keyVariables: [],
    keyRequired: false,
    install: {name: 'node-llama-cpp', version: '3.22.1', unneeded: unneededBuilds},
    async open(options) {
      const {LlamaCppProvider} = await import('./chat.js')
      return new LlamaCppProvider(options)
    },
  }
}
