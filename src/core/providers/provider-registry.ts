import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {formatPath} from '../config/config-path.js'
import {isForbiddenKey} from '../config/document-limits.js'
import {type IgnoredSettings, requireTrusted} from '../config/restrict-untrusted.js'
import {HelixError} from '../errors/helix-error.js'
import {nearestName} from '../nearest-name.js'
import type {Credentials} from '../security/credentials.js'
import {splitWorker} from './model-name.js'
import {MODEL_SERVERS, serverAddress} from './model-servers.js'
import {type Dial, openFetch, openFetchThrough} from './open-fetch.js'
import type {ModelPrice} from './prices.js'
import type {LLMProvider} from './provider.js'
import type {ProviderError} from './provider-error.js'
import type {ProviderPlugin} from './provider-plugin.js'
import {type ConfiguredProviders, checkSettings, type FoundKey, findKey, findPrice, type ProviderSettings, requireKey, timeoutsOf} from './provider-settings.js'

const CLOSE_MS = 5000

export interface RegistryOptions extends ConfiguredProviders {
  /** What the hook has returned, each id once. */
  plugins: readonly ProviderPlugin[]
  credentials: Credentials
  dataDir: string
  /** What an untrusted project sets without effect. */
  ignored?: IgnoredSettings | undefined
  onRetry?: (error: ProviderError, waitMs: number) => void
  /** Looks a worker up, whose model server is meant by `provider@worker`; absent where there is no pool. */
  reachWorker?: (name: string) => Promise<ReachedWorker>
}

/** A worker as the place where a model server runs. */
export interface ReachedWorker {
  /** Address, as the worker sees it, of the model server of a kind that was found there. */
  serverUrl(kind: string): string | undefined
  /** Opens a connection from the worker. */
  dial: Dial
}

export interface OpenOptions {
  /** Further attempts after the first; as the settings say where absent. */
  retries?: number | undefined
}

/** A provider by the name that stands before the slash of `provider/model`. */
export interface ProviderEntry {
  /** `provider@worker` for one on a worker. */
  id: string
  plugin: ProviderPlugin
  /** The worker of the pool that it is reached through. */
  worker?: string
}

/** The providers that the plugins bring and the config names. */
export class ProviderRegistry {
  readonly #options: RegistryOptions

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  /** All of them, by id. Entries of the config whose `type` nobody brings are left out. */
  list(): ProviderEntry[] {
    const ids = new Set([...this.#options.plugins.map((plugin) => plugin.id), ...Object.keys(this.#options.configured)])
    return [...ids].sort().flatMap((id) => {
      const plugin = this.#pluginOf(id)
      return plugin ? [{id, plugin}] : []
    })
  }

  /** Ids of the config that nobody serves, with the type that they name. */
  unserved(): {id: string; type: string}[] {
    const ids = Object.keys(this.#options.configured).filter((id) => !this.#pluginOf(id))
    return ids.map((id) => ({id, type: this.#typeOf(id)}))
  }

  /**
   * Throws `usage` for an id that nobody brings, naming the nearest one that there is; `config` where the config names such a type, and
   * `denied` where only an untrusted project knows the id.
   */
  find(name: string): ProviderEntry {
    const {provider: id, worker} = splitWorker(name)
    const plugin = this.#pluginOf(id, worker !== undefined)
    if (plugin) return {id: name, plugin, ...(worker !== undefined && {worker})}
    if (!isForbiddenKey(id)) requireTrusted(this.#options, formatPath(['providers', id]))
    const type = this.#typeOf(id)
    const ids = this.list().map((entry) => entry.id)
    const meant = nearestName(type, ids)
    const options = {code: 'PROVIDER_UNKNOWN', hint: meant ? `Did you mean ${meant}?` : 'See what there is: helix provider list'}
    if (type !== id) throw new HelixError('config', `there is no provider ${type}, which providers.${id}.type names`, options)
    throw new HelixError('usage', `there is no provider ${id}`, options)
  }

  /**
   * The settings in force for a provider. Of one on a worker the address is meant as the worker sees it; without one in the config it is
   * `found`, where the server was found there. Throws `config` for what the plugin does not take.
   */
  settings({id, plugin, worker}: ProviderEntry, found?: string): ProviderSettings {
    if (worker === undefined) return checkSettings(id, plugin, this.#options)
    const {provider} = splitWorker(id)
    // The variables of this machine say nothing of a worker.
    const settings = checkSettings(provider, plugin, {...this.#options, env: {}})
    const configured = this.#options.configured[provider] as {base_url?: string} | undefined
    const address = configured?.base_url === undefined ? serverAddress(kindOf(provider, plugin), found) : undefined
    return address === undefined ? settings : {...settings, base_url: address}
  }

  /** Throws `config` where the config names a secret that is not there. */
  key(entry: ProviderEntry): Promise<FoundKey | undefined> {
    return findKey(entry.id, entry.plugin, this.settings(entry), this.#options)
  }

  /** What a model of a provider costs; `isFree` where nobody is paid, `price` absent where it is not known. */
  async price(id: string, model: string): Promise<{isFree: boolean; price: ModelPrice | undefined}> {
    const entry = this.find(id)
    const settings = this.settings(entry)
    // Whoever takes money asks for a key.
    const isPaid = entry.worker === undefined && (await this.key(entry)) !== undefined
    const price = await findPrice(entry.plugin, settings, model, isPaid)
    return {isFree: !price && !isPaid, price}
  }

  /** The provider, ready to be asked; whoever opens it closes it. Throws `denied` where it needs a key and has none. */
  async open(id: string, {retries}: OpenOptions = {}): Promise<LLMProvider> {
    const entry = this.find(id)
    const reached = await this.#reach(entry)
    const settings = this.settings(entry, reached?.serverUrl(kindOf(splitWorker(id).provider, entry.plugin)))
    if (reached && settings.base_url === undefined) throw notOnWorker(id)
    const found = await this.key(entry)
    requireKey(id, entry.plugin, settings, found)
    const timeouts = timeoutsOf(settings)
    // Opened when it is first used: a provider in this process needs none.
    let connection: ReturnType<typeof openFetch> | undefined
    const lazyFetch: typeof fetch = async (input, init) => {
      connection ??= reached ? openFetchThrough(reached.dial, timeouts.connect) : openFetch(timeouts.connect)
      return (await connection).fetch(input, init)
    }
    const provider = await entry.plugin.open({
      id,
      settings,
      apiKey: found?.key,
      fetch: lazyFetch,
      clock: {now: Date.now, sleep: (milliseconds, signal) => delay(milliseconds, undefined, {signal})},
      timeouts,
      retries: retries ?? settings.retries,
      maxTokens: settings.max_tokens,
      onRetry: this.#options.onRetry,
      packageFolder: this.packageFolder(entry.plugin),
    })
    const close = provider.close.bind(provider)
    provider.close = async () => {
      // Whoever has an answer must not wait for a plugin that does not come to its end.
      await Promise.race([close(), delay(CLOSE_MS, undefined, {ref: false})])
      await (await connection)?.close()
    }
    return provider
  }

  /** Does something with a provider and closes it, however that ends. Rejects as `open` and the work do. */
  async use<T>(id: string, work: (provider: LLMProvider) => Promise<T>, options?: OpenOptions): Promise<T> {
    const provider = await this.open(id, options)
    try {
      return await work(provider)
    } finally {
      await provider.close()
    }
  }

  /** Where the package that a plugin needs is installed. */
  packageFolder(plugin: ProviderPlugin): string {
    return join(this.#options.dataDir, 'packages', plugin.id)
  }

  async #reach({id, worker}: ProviderEntry): Promise<ReachedWorker | undefined> {
    if (worker === undefined) return undefined
    if (!this.#options.reachWorker) throw notOnWorker(id)
    return this.#options.reachWorker(worker)
  }

  #pluginOf(id: string, isOnWorker = false): ProviderPlugin | undefined {
    const type = this.#typeOf(id)
    const plugin = this.#options.plugins.find((candidate) => candidate.id === type)
    return plugin || !isOnWorker ? plugin : this.#options.plugins.find((candidate) => candidate.id === MODEL_SERVERS.get(id)?.plugin)
  }

  #typeOf(id: string): string {
    const configured = this.#options.configured[id] as {type?: string} | undefined
    return configured?.type ?? id
  }
}

/** What a model server is called where it was found. */
function kindOf(provider: string, plugin: ProviderPlugin): string {
  return MODEL_SERVERS.has(provider) ? provider : plugin.id
}

function notOnWorker(id: string): HelixError {
  const {provider, worker} = splitWorker(id)
  return new HelixError('usage', `${provider} has no address at which it could be reached on ${worker}`, {
    code: 'PROVIDER_NOT_ON_WORKER',
    hint: `Let a server of models run there: ollama@${worker}, llama-server@${worker} and vllm@${worker} are known.`,
  })
}
