import {Command, Flags, type Interfaces} from '@oclif/core'
import type {ConfigLocation, LoadedConfig} from '../core/config/load-config.js'
import {describeIgnored} from '../core/config/restrict-untrusted.js'
import {HelixError} from '../core/errors/helix-error.js'
import type {ProviderPlugin} from '../core/providers/provider-plugin.js'
import {describeError} from './describe-error.js'
import {Services} from './services.js'

export const FORMATS = ['text', 'json', 'yaml'] as const
/** Of commands that print as they go: what they redefine the flag `output` with. */
export const STREAM_FORMATS = [...FORMATS, 'stream-json'] as const
type OutputFormat = (typeof STREAM_FORMATS)[number]
// biome-ignore lint/suspicious/noExplicitAny: as oclif declares what it has parsed
type Parsed = Record<string, any>

/**
 * Base of all commands: `run()` returns the result, which is printed under `--json` and `--output`; otherwise what it logs is.
 * stdout carries the result only; warnings and progress go to stderr.
 */
export abstract class HelixCommand<T> extends Command {
  static override enableJsonFlag = true
  static override baseFlags = {
    output: Flags.option({options: FORMATS, description: 'how the result is printed (default: clients.cli.output_format)', helpGroup: 'GLOBAL'})(),
  }

  /** False for commands that must work while the config is broken; their output is text unless a flag says otherwise. */
  protected readonly needsConfig: boolean = true
  #format: OutputFormat = 'text'
  #config: Promise<LoadedConfig> | undefined
  #services: Services | undefined
  #toYaml: (value: unknown) => string = String

  abstract override run(): Promise<T>

  override async init(): Promise<void> {
    await super.init()
    const asked = formatOf(this.argv)
    this.#format = asked ?? 'text'
    if (!asked && this.needsConfig) this.#format = (await this.loadConfig()).values.clients.cli.output_format
    if (this.#format === 'yaml') this.#toYaml = (await import('yaml')).stringify
  }

  /** oclif (5.1) puts a word that occurs twice where it stood first; here `argv` has all words in their order. */
  protected override async parse<F extends Parsed, B extends Parsed, A extends Parsed>(
    options?: Interfaces.Input<F, B, A>,
    argv?: string[],
  ): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse<F, B, A>(options, argv)
    return {...parsed, argv: parsed.raw.filter((token) => token.type === 'arg').map((token) => token.input)}
  }

  override jsonEnabled(): boolean {
    return this.#format === 'json' || this.#format === 'yaml'
  }

  /** Whether events are printed as they come, each a line of JSON; only where the command offers it. */
  protected get streams(): boolean {
    return this.#format === 'stream-json'
  }

  override logJson(value: unknown): void {
    process.stdout.write(this.#format === 'yaml' ? this.#toYaml(value) : `${JSON.stringify(value, null, 2)}\n`)
  }

  override warn(input: string | Error): string | Error {
    process.stderr.write(`Warning: ${input instanceof Error ? input.message : input}\n`)
    return input
  }

  override toErrorJson(error: unknown): unknown {
    const {code, kind, message, hint, exitCode} = describeError(error)
    return {error: {code, kind, message, ...(hint !== undefined && {hint}), exit_code: exitCode}}
  }

  protected override async catch(error: Error): Promise<void> {
    const described = describeError(error)
    if (!this.jsonEnabled() || described.code === 'EEXIT') throw error
    process.exitCode = described.exitCode
    this.logJson(this.toErrorJson(error))
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    await this.#services?.close()
    await super.finally(error)
  }

  /** The config of this process; warns once of what an untrusted project sets without effect. */
  async loadConfig(): Promise<LoadedConfig> {
    this.#config ??= this.#readConfig()
    return this.#config
  }

  /** Where the config is looked for. Throws `config` when the current folder has been removed. */
  configLocation(): ConfigLocation {
    try {
      return {cwd: process.cwd(), configDir: this.config.configDir, env: process.env}
    } catch (error) {
      throw new HelixError('config', 'the current folder does not exist any more', {code: 'FOLDER_GONE', cause: error, hint: 'Change to another one.'})
    }
  }

  /** What commands work with; each part is opened when it is first used and closed when the command ends. */
  async services(): Promise<Services> {
    this.#services ??= new Services({
      config: await this.loadConfig(),
      configDir: this.config.configDir,
      dataDir: this.config.dataDir,
      cacheDir: this.config.cacheDir,
      packageRoot: this.config.root,
      version: this.config.version,
      warn: (message) => this.warn(message),
      loadProviders: () => this.#loadProviders(),
    })
    return this.#services
  }

  async #loadProviders(): Promise<ProviderPlugin[]> {
    const {loadProviderPlugins} = await import('./provider-plugins.js')
    return loadProviderPlugins(this.config, (message) => this.warn(message))
  }

  async #readConfig(): Promise<LoadedConfig> {
    const {loadConfig} = await import('../core/config/load-config.js')
    const loaded = await loadConfig(this.configLocation())
    if (loaded.ignored) this.warn(describeIgnored(loaded.ignored))
    return loaded
  }
}

// oclif asks for the format before it has parsed the flags; what follows `--` belongs to the task.
function formatOf(argv: readonly string[]): OutputFormat | undefined {
  const end = argv.indexOf('--')
  const flags = end < 0 ? argv : argv.slice(0, end)
  if (flags.includes('--json')) return 'json'
  const at = flags.findIndex((flag) => flag === '--output' || flag.startsWith('--output='))
  if (at < 0) return undefined
  const flag = flags[at] ?? ''
  const value = flag.includes('=') ? flag.slice(flag.indexOf('=') + 1) : flags[at + 1]
  return STREAM_FORMATS.find((format) => format === value)
}
