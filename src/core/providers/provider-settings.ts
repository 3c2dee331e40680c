import {configError, showProblem} from '../config/config-error.js'
import type {ConfigPath} from '../config/config-path.js'
import {fillDefaults} from '../config/merge-layers.js'
import {providerSchema} from '../config/provider-schema.js'
import type {SchemaNode} from '../config/schema-nodes.js'
import {validateValue} from '../config/validate-value.js'
import {HelixError} from '../errors/helix-error.js'
import type {Credentials} from '../security/credentials.js'
import {resolveSecretReference} from '../security/secret-reference.js'
import {type ModelPrice, priceOf} from './prices.js'
import type {ProviderPlugin, Timeouts} from './provider-plugin.js'

/** `providers.<id>` of the config, as Helix itself reads it. */
export interface ProviderSettings extends Record<string, unknown> {
  base_url?: string
  api_key?: string
  max_tokens: number
  prices: Record<string, {input: number; output: number; cached_input?: number; cache_write?: number}>
  retries: number
  timeouts: {connect: number; first_token: number; idle: number; total: number}
}

/** What the config says of providers. */
export interface ConfiguredProviders {
  /** The setting `providers`. */
  configured: Readonly<Record<string, unknown>>
  /** The file or variable that a setting comes from. */
  placeOf: (path: ConfigPath) => string
  env: NodeJS.ProcessEnv
}

/** An API key and where it is from, such as `env:OPENAI_API_KEY`. */
export interface FoundKey {
  key: string
  origin: string
}

/** The schema of one provider's settings: the general ones and the plugin's own. */
export function settingsSchema(plugin: ProviderPlugin): SchemaNode {
  return {...providerSchema, properties: {...plugin.settings, ...providerSchema.properties}, additionalProperties: false}
}

/** A provider's settings, checked against its plugin's schema, defaults filled in. Throws `config` for what the plugin does not take. */
export function checkSettings(id: string, plugin: ProviderPlugin, {configured, env, placeOf}: ConfiguredProviders): ProviderSettings {
  const given = configured[id] ?? {}
  const schema = settingsSchema(plugin)
  const [problem] = validateValue(given, schema, ['providers', id])
  if (problem) throw configError(placeOf(problem.path), showProblem(problem))
  const settings = fillDefaults(given, schema) as ProviderSettings
  const baseUrl = settings.base_url ?? (id === plugin.id ? plugin.baseUrlFrom?.(env) : undefined) ?? plugin.baseUrl
  return baseUrl === undefined ? settings : {...settings, base_url: baseUrl.replace(/\/+$/, '')}
}

/** The price of a model: what the settings say, else, where the server is paid, the plugin's table; undefined where neither knows. */
export async function findPrice(plugin: ProviderPlugin, settings: ProviderSettings, model: string, isPaid: boolean): Promise<ModelPrice | undefined> {
  const given = priceOf(model, {models: settings.prices})
  if (given) {
    const {input, output, cached_input, cache_write} = given as ProviderSettings['prices'][string]
    return {input, output, ...(cached_input !== undefined && {cachedInput: cached_input}), ...(cache_write !== undefined && {cacheWrite: cache_write})}
  }
  return isPaid && plugin.prices ? priceOf(model, await plugin.prices()) : undefined
}

/** Seconds, as the contract names them. */
export function timeoutsOf({timeouts}: ProviderSettings): Timeouts {
  return {connect: timeouts.connect, firstToken: timeouts.first_token, idle: timeouts.idle, total: timeouts.total}
}

/**
 * The API key of a provider: the one that the config names, else of the customary variable, else the one given to `helix provider login`.
 * A variable counts only for the plugin's own id, so that a key never goes to another service of the same kind.
 */
export async function findKey(
  id: string,
  plugin: ProviderPlugin,
  settings: ProviderSettings,
  {env, credentials}: {env: NodeJS.ProcessEnv; credentials: Credentials},
): Promise<FoundKey | undefined> {
  if (settings.api_key) return {key: await resolveSecretReference(settings.api_key, env), origin: settings.api_key}
  const variable = id === plugin.id ? plugin.keyVariables.find((name) => env[name]) : undefined
  if (variable) return {key: env[variable] as string, origin: `env:${variable}`}
  const kept = await credentials.get(credentialName(id))
  return kept && {key: kept.secret, origin: kept.place === 'keyring' ? `keyring:${credentialName(id)}` : 'login'}
}

/** The name under which `helix provider login` keeps a key. */
export function credentialName(id: string): string {
  return `provider/${id}`
}

/** Whether the provider's own service is to be used and takes nobody without a key. */
export function needsKey(plugin: ProviderPlugin, settings: ProviderSettings): boolean {
  return plugin.keyRequired && (settings.base_url === undefined || settings.base_url === plugin.baseUrl)
}

/** Throws `denied` where the provider's own service is to be used and there is no key for it. */
export function requireKey(id: string, plugin: ProviderPlugin, settings: ProviderSettings, key: FoundKey | undefined): void {
  if (key || !needsKey(plugin, settings)) return
  const [variable] = plugin.keyVariables
  throw new HelixError('denied', `there is no API key for ${id}`, {
    code: 'KEY_MISSING',
    hint: `Give it with helix provider login ${id}${variable && id === plugin.id ? `, or in the variable ${variable}` : ''}.`,
  })
}
