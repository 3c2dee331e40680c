import type {LLMProvider, ProviderCapabilities} from '../provider.js'
import type {ProviderError} from '../provider-error.js'
import type {ProviderOptions, ProviderPlugin, Timeouts} from '../provider-plugin.js'
import {FakeServer} from './fake-server.js'
import {InstantClock} from './instant-clock.js'
import type {ProviderWire} from './provider-wire.js'

/** The provider that is examined. */
export interface Subject {
  plugin: ProviderPlugin
  model: string
  /** What `getCapabilities` must say; cases for what is not there are left out. */
  capabilities: ProviderCapabilities
  /** What of that the model does not take. */
  lacks?: (keyof ProviderCapabilities)[]
  /** Absent for a provider without a server. */
  wire?: ProviderWire
  settings?: Record<string, unknown>
  packageFolder?: string
}

/** What the model takes. */
export function modelCapabilities({capabilities, lacks = []}: Subject): ProviderCapabilities {
  return {...capabilities, ...Object.fromEntries(lacks.map((lacking) => [lacking, false]))}
}

/** A subject that talks to a server. */
export type WiredSubject = Subject & {wire: ProviderWire}

/** Stands in every error body of the kit, so that a provider that passes it on is found out. */
export const API_KEY = 'sk-conformance-4f1c9b27e08d'

const TIMEOUTS: Timeouts = {connect: 5, firstToken: 20, idle: 20, total: 600}

interface OpenOptions {
  /** Seconds. */
  timeouts?: Partial<Timeouts>
  retries?: number
  fetch?: typeof fetch
}

/** What a case works with: the subject's server, clock and provider. */
export class Bench {
  readonly server: FakeServer = new FakeServer()
  readonly clock: InstantClock = new InstantClock()
  readonly retries: {error: ProviderError; waitMs: number}[] = []
  readonly #subject: Subject
  readonly #opened: LLMProvider[] = []

  constructor(subject: Subject) {
    this.#subject = subject
  }

  async open({timeouts, retries = 2, fetch = globalThis.fetch}: OpenOptions = {}): Promise<LLMProvider> {
    const {plugin, wire, settings, packageFolder = ''} = this.#subject
    const options: ProviderOptions = {
      id: plugin.id,
      settings: {...settings, ...(wire && {base_url: this.server.url + wire.basePath})},
      apiKey: API_KEY,
      fetch,
      clock: this.clock,
      timeouts: {...TIMEOUTS, ...timeouts},
      retries,
      onRetry: (error, waitMs) => void this.retries.push({error, waitMs}),
      packageFolder,
    }
    const provider = await plugin.open(options)
    this.#opened.push(provider)
    return provider
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((provider) => provider.close()))
    await this.server.close()
  }
}

/** One thing that a provider must do. */
export interface ConformanceCase {
  name: string
  run(): Promise<void>
}

/** A case that gets a bench of its own. */
export function caseOf(subject: Subject, name: string, run: (bench: Bench) => Promise<void>): ConformanceCase {
  return {
    name,
    async run() {
      const bench = new Bench(subject)
      await bench.server.start()
      try {
        await run(bench)
      } finally {
        await bench.close()
      }
    },
  }
}
