import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {open} from 'node:fs/promises'
import {join} from 'node:path'
import type {ConfigPath} from '../core/config/config-path.js'
import type {ConfigLocation, LoadedConfig} from '../core/config/load-config.js'
import {locateStore, openStore, type Store, type StoreLocation} from '../core/data/store.js'
import type {Logger} from '../core/logger.js'
import type {FleetContext} from '../core/models/fleet-context.js'
import type {PluginContext} from '../core/plugins/install-plugin.js'
import {hostId} from '../core/process-identity.js'
import {Cooldowns} from '../core/providers/cooldowns.js'
import type {AliasContext} from '../core/providers/model-aliases.js'
import type {ProviderPlugin} from '../core/providers/provider-plugin.js'
import {ProviderRegistry} from '../core/providers/provider-registry.js'
import type {RequestContext} from '../core/requests/request-context.js'
import {Credentials} from '../core/security/credentials.js'
import {redact} from '../core/security/redact.js'
import type {AskContext} from '../core/sessions/ask-model.js'
import {Spool} from '../core/tasks/spool.js'
import {AutoInstaller} from '../core/workers/install/auto-installer.js'
import type {InstallSource} from '../core/workers/install/install-helix.js'
import type {WorkerContext} from '../core/workers/manage-workers.js'
import {syncConfigWorkers} from '../core/workers/sync-config-workers.js'
import {WorkerConnections} from '../core/workers/worker-connections.js'
import {ensureLocalWorker} from '../core/workers/worker-store.js'
import {terminalAsk} from './ask-secret.js'
import {copyProgress} from './copy-progress.js'

export interface ServiceOptions {
  config: LoadedConfig
  configDir: string
  dataDir: string
  cacheDir: string
  /** Folder of the installed package, where the migrations are. */
  packageRoot: string
  version: string
  warn: (message: string) => void
  /** Runs the hook that brings providers. */
  loadProviders: () => Promise<ProviderPlugin[]>
}

const LEVELS = ['error', 'warn', 'info', 'debug'] as const

/** Wires the parts of the core together; the only place that does. Nothing is opened before it is used. */
export class Services {
  readonly config: LoadedConfig
  readonly hostId = hostId()
  readonly spool: Spool
  readonly logger: Logger
  readonly configDir: string
  readonly dataDir: string
  readonly migrationsDir: string
  /** What Helix is installed on workers from. */
  readonly installSource: InstallSource
  readonly credentials: Credentials
  /** Program and arguments that start this Helix. */
  readonly helix: [program: string, ...args: string[]]
  readonly #version: string
  readonly #loadProviders: ServiceOptions['loadProviders']
  #store: Promise<Store> | undefined
  #connections: WorkerConnections | undefined

  constructor(options: ServiceOptions) {
    this.config = options.config
    this.configDir = options.configDir
    this.dataDir = options.dataDir
    this.migrationsDir = join(options.packageRoot, 'migrations')
    this.installSource = {packageRoot: options.packageRoot, cacheDir: options.cacheDir}
    this.helix = [process.execPath, join(options.packageRoot, 'bin', 'run.js')]
    this.spool = new Spool(options.dataDir)
    this.credentials = new Credentials(options)
    this.#version = options.version
    this.#loadProviders = options.loadProviders
    this.logger = stderrLogger(LEVELS.indexOf(options.config.values.global.log_level))
  }

  /** The store, its schema up to date, with this machine in it as `local`. */
  store(): Promise<Store> {
    this.#store ??= this.#openStore()
    return this.#store
  }

  async connections(): Promise<WorkerConnections> {
    if (!this.#connections) {
      const store = await this.store()
      const {openWorker} = await import('../core/workers/open-worker.js')
      this.#connections = new WorkerConnections(store, (worker) => openWorker(worker, this.knownHostsFile, terminalAsk()))
    }
    return this.#connections
  }

  get storeLocation(): StoreLocation {
    const {url, synchronous} = this.config.values.database
    return locateStore(url, this.dataDir, synchronous)
  }

  /** Helix's own known_hosts file, the only one it writes. */
  get knownHostsFile(): string {
    return join(this.configDir, 'known_hosts')
  }

  /** What managing workers needs; the workers of the config are in the store by then. */
  async workers(): Promise<WorkerContext> {
    const store = await this.store()
    await syncConfigWorkers(store, this.config.values.workers.pool)
    return {
      store,
      hostId: this.hostId,
      ignored: this.config.ignored,
      knownHostsFile: this.knownHostsFile,
      configOrigin: (name) => this.#originOf(['workers', 'pool', name, 'host']),
      askSecret: terminalAsk(),
    }
  }

  /** The language models that can be asked. */
  async providers(): Promise<ProviderRegistry> {
    return new ProviderRegistry({
      plugins: await this.#loadProviders(),
      configured: this.config.values.providers,
      placeOf: (path) => this.#originOf(path),
      credentials: this.credentials,
      env: process.env,
      dataDir: this.dataDir,
      ignored: this.config.ignored,
      reachWorker: async (name) => {
        const {reachWorker} = await import('../core/workers/reach-worker.js')
        return reachWorker(await this.workers(), await this.connections(), name)
      },
      onRetry: (error, waitMs) => this.logger.warn(`${error.message}; trying again in ${Math.ceil(waitMs / 1000)} s`),
    })
  }

  /** What asking a language model works with. */
  async models(): Promise<AskContext> {
    return {
      providers: await this.providers(),
      models: this.config.values.models,
      cooldowns: new Cooldowns(join(this.installSource.cacheDir, 'cooldowns')),
      store: () => this.store(),
    }
  }

  /** What changing the aliases of models works with. */
  aliases(location: ConfigLocation): AliasContext {
    return {aliases: this.config.values.models.aliases, location, providers: () => this.providers()}
  }

  /** What managing plugins of others works with. */
  plugins(): PluginContext {
    return {dataDir: this.dataDir, version: this.#version, helix: this.helix}
  }

  /** What looking after the models of all places works with. */
  async fleet(): Promise<FleetContext> {
    return {...(await this.workers()), connections: await this.connections(), providers: await this.providers(), logger: this.logger}
  }

  /** What requests for tasks work with; what they queue belongs to the project of this name. */
  async requests(project?: string): Promise<RequestContext> {
    const {store} = await this.workers()
    const {values} = this.config
    return {
      store,
      connections: await this.connections(),
      spool: this.spool,
      logger: this.logger,
      onCopy: copyProgress(process.stderr),
      hostId: this.hostId,
      ignored: this.config.ignored,
      maxTasks: values.workers.max_concurrent_tasks,
      healthCheckSeconds: values.workers.health_check_interval,
      workersEnabled: values.workers.enabled,
      retention: {days: values.workers.log_retention_days, bytes: values.workers.log_retention_bytes},
      installer: values.workers.auto_install ? new AutoInstaller(store, this.installSource, this.logger) : undefined,
      project,
      aliases: values.models.aliases,
      helix: this.helix,
      startScheduler: () => this.#startScheduler(),
    }
  }

  async close(): Promise<void> {
    await this.#connections?.close()
    const store = await this.#store?.catch(() => undefined)
    await store?.close()
  }

  #originOf(path: ConfigPath): string {
    const origin = this.config.originOf(path)
    if (origin.source === 'environment') return `the variable ${origin.variable}`
    return origin.source === 'default' ? 'a config that is not in use here' : origin.file
  }

  async #startScheduler(): Promise<void> {
    const [program, ...args] = this.helix
    const log = await open(join(this.dataDir, 'scheduler.log'), 'a', 0o600)
    const child = spawn(program, [...args, 'scheduler', 'start', '--drain'], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
    await once(child, 'spawn')
    child.unref()
    await log.close()
  }

  async #openStore(): Promise<Store> {
    const store = await openStore(this.storeLocation, this.migrationsDir)
    await ensureLocalWorker(store, this.hostId)
    return store
  }
}

function stderrLogger(level: number): Logger {
  const write = (from: number) => (message: string) => {
    if (level >= from) process.stderr.write(`helix: ${redact(message)}\n`)
  }
  return {warn: write(1), info: write(2), debug: write(3)}
}
