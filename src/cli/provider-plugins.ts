import type {Interfaces} from '@oclif/core'
import {isPlainObject} from '../core/config/plain-object.js'
import {messageOf} from '../core/errors/helix-error.js'
import {PROVIDER_API_VERSION, type ProviderPlugin} from '../core/providers/provider-plugin.js'

const HOOK = 'helix:provider'
const HOOK_MS = 10_000

/** What the hook `helix:provider` brings, by id. A plugin that fails, or brings what another has brought, is left out and named in a warning. */
export async function loadProviderPlugins(config: Interfaces.Config, warn: (message: string) => void): Promise<ProviderPlugin[]> {
  // Without capturing, an error that carries an exit code would end Helix, and others would be lost.
  const {successes, failures} = await config.runHook(HOOK, {}, HOOK_MS, true)
  for (const {plugin, error} of failures) warn(`the plugin ${plugin.name} does not work and is left out: ${messageOf(error).split('\n', 1)[0]}`)
  const plugins = new Map<string, ProviderPlugin>()
  const builtInFirst = successes.toSorted((a, b) => Number(b.plugin.name === config.name) - Number(a.plugin.name === config.name))
  for (const {plugin, result} of builtInFirst) {
    const provider = result as ProviderPlugin
    const problem = problemOf(provider, plugins)
    if (problem) warn(`the plugin ${plugin.name} is left out: ${problem}`)
    else plugins.set(provider.id, provider)
  }
  return [...plugins.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function problemOf(provider: Partial<ProviderPlugin> | undefined, known: ReadonlyMap<string, ProviderPlugin>): string | undefined {
  if (typeof provider?.id !== 'string' || !/^[a-z][a-z0-9-]*$/.test(provider.id)) return 'what its hook returned is no provider'
  if (provider.apiVersion !== PROVIDER_API_VERSION) return `it is written for another version of Helix (${provider.apiVersion}, not ${PROVIDER_API_VERSION})`
  if (typeof provider.open !== 'function') return 'its provider cannot be opened'
  if (!isPlainObject(provider.settings) || !Array.isArray(provider.keyVariables)) return 'its provider does not say what settings and keyVariables it has'
  return known.has(provider.id) ? `there is a provider ${provider.id} already` : undefined
}
