import {HelixError} from '../errors/helix-error.js'
import {splitModel} from './model-name.js'
import type {PullProgress} from './provider.js'
import type {ProviderRegistry} from './provider-registry.js'

export interface PullOptions {
  signal: AbortSignal
  onProgress: (progress: PullProgress) => void
}

/** Brings `provider/model` to where the provider runs. Resolves to its size in bytes, null where that is not told. Throws `usage` for a provider whose models are not the user's to fetch. */
export async function pullModel(registry: ProviderRegistry, name: string, {signal, onProgress}: PullOptions): Promise<number | null> {
  const {provider: id, model} = splitModel(name)
  return registry.use(id, async (provider) => {
    if (!provider.pullModel) throw new HelixError('usage', `the models of ${id} cannot be pulled`, {code: 'PULL_UNSUPPORTED'})
    let bytes: number | null = null
    for await (const progress of provider.pullModel(model, {signal})) {
      bytes = progress.totalBytes ?? bytes
      onProgress(progress)
    }
    return bytes
  })
}
