import {HelixError} from '../errors/helix-error.js'
import {redact} from '../security/redact.js'
import type {ModelInfo} from './provider.js'
import type {ProviderEntry, ProviderRegistry} from './provider-registry.js'
import {needsKey} from './provider-settings.js'

/** A provider as commands print it; never a key. */
export interface ProviderView {
  id: string
  label: string
  /** Id of the plugin's own provider, where the config gives it another name. */
  type: string
  base_url: string | null
  /** Where the API key is, as `env:NAME`, `keyring:NAME` or `login`; null where there is none. */
  key: string | null
  key_required: boolean
  /** What is wrong with its settings; null for nothing. */
  problem: string | null
}

export async function viewProvider(registry: ProviderRegistry, entry: ProviderEntry): Promise<ProviderView> {
  const {id, plugin} = entry
  const view = {id, label: plugin.label, type: plugin.id, key_required: plugin.keyRequired}
  try {
    const settings = registry.settings(entry)
    const found = await registry.key(entry)
    return {
      ...view,
      base_url: settings.base_url === undefined ? null : redact(settings.base_url),
      key: found?.origin ?? null,
      key_required: needsKey(plugin, settings),
      problem: null,
    }
  } catch (error) {
    if (!HelixError.is(error)) throw error
    return {...view, base_url: null, key: null, problem: error.message}
  }
}

/** A model as commands print it. */
export interface ModelView {
  id: string
  context_tokens: number | null
  size_bytes: number | null
  modified_at: string | null
}

export function viewModel({id, contextTokens, sizeBytes, modifiedAt}: ModelInfo): ModelView {
  return {id, context_tokens: contextTokens ?? null, size_bytes: sizeBytes ?? null, modified_at: modifiedAt ?? null}
}
