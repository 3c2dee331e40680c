import type {SchemaNode} from '../config/schema-nodes.js'
import type {PriceTable} from './prices.js'
import type {LLMProvider} from './provider.js'
import type {ProviderError} from './provider-error.js'

/** The contract that a plugin is written for; it changes when a plugin would have to. */
export const PROVIDER_API_VERSION = 1

/** Seconds; 0 for no limit. */
export interface Timeouts {
  /** Until there is a connection. */
  connect: number
  /** Until the first piece of the answer. */
  firstToken: number
  /** Between two pieces of the answer. */
  idle: number
  /** Until the answer is complete, retries included. */
  total: number
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Rejects when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** What a provider is opened with. */
export interface ProviderOptions {
  /** The name in front of the slash of `provider/model`. */
  id: string
  /** `providers.<id>` of the config, checked against the plugin's schema, defaults filled in. */
  settings: Record<string, unknown>
  apiKey: string | undefined
  /** To be used for all requests: it knows proxies, and how long a connection may take. */
  fetch: typeof fetch
  clock: Clock
  timeouts: Timeouts
  /** Further attempts after the first. */
  retries: number
  /** The most tokens of one answer, of a model whose own limit is not known; 32,000 where absent. */
  maxTokens?: number
  onRetry?: ((error: ProviderError, waitMs: number) => void) | undefined
  /** Folder with the package that `helix provider install` has brought, if it has. */
  packageFolder: string
}

/** An npm package that is too heavy to come with Helix. */
export interface InstallablePackage {
  name: string
  version: string
  /** Packages it depends on that are of no use on a machine; an empty one is put in their place. */
  unneeded(machine: {platform: NodeJS.Platform; arch: string}): string[]
}

/** What the hook `helix:provider` returns. Loading it must cost next to nothing; `open` may import what it needs. */
export interface ProviderPlugin {
  apiVersion: typeof PROVIDER_API_VERSION
  /** Lower case letters, digits and dashes. */
  id: string
  /** Name for people. */
  label: string
  /** Schemas of the settings beyond the general ones (`base_url`, `api_key`, `timeouts`, `retries`), by name. */
  settings: Record<string, SchemaNode>
  /** Address of the API where the config names none; absent for one without an address. */
  baseUrl?: string
  /** Reads the address from the provider's own customary variable, if it is set. */
  baseUrlFrom?(env: NodeJS.ProcessEnv): string | undefined
  /** Variables that customarily hold the API key; the first that is set counts. */
  keyVariables: string[]
  /** Whether there is nothing to be had without a key at the plugin's own `baseUrl`. */
  keyRequired: boolean
  install?: InstallablePackage
  /** What its models cost; absent where that is not known, or nothing. */
  prices?(): Promise<PriceTable>
  open(options: ProviderOptions): Promise<LLMProvider>
}
