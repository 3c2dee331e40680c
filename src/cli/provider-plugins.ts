import {AsyncLocalStorage} from 'node:async_hooks'
import type {Interfaces} from '@oclif/core'
import {isPlainObject} from '../core/config/plain-object.js'
import {HelixError, messageOf} from '../core/errors/helix-error.js'
import {readManifest} from '../core/plugins/examine-plugin.js'
import {packageFolderOf, readPluginList} from '../core/plugins/plugin-list.js'
import {provideApi} from '../core/plugins/provide-api.js'
import {PROVIDER_API_VERSION, type ProviderPlugin} from '../core/providers/provider-plugin.js'

const HOOK = 'helix:provider'
const HOOK_MS = 10_000

/** What plugins bring to one command. */
interface FoundProviders {
  /** By id. */
  providers: ProviderPlugin[]
  /** Plugins that are left out, and why. */
  problems: {plugin: string; problem: string}[]
}

/** What the hook `helix:provider` brings, by id. A plugin that fails, or brings what another has brought, is left out and named in a warning. */
export async function loadProviderPlugins(config: Interfaces.Config, warn: (message: string) => void): Promise<ProviderPlugin[]> {
  const {providers, problems} = await findProviders(config)
  const missing = await findMissing(config).catch((error: unknown) => {
    warn(`no plugins are used: ${messageOf(error)}`)
    return []
  })
  for (const {plugin, problem} of [...missing, ...problems]) warn(`the plugin ${plugin} ${problem}`)
  return providers
}

/** What a plugin brings that has not been installed yet, or is left out of commands about plugins: its providers' ids, and what is wrong. */
export async function examinePackage(config: Interfaces.Config, folder: string): Promise<{providers: string[]; problem?: string}> {
  const {Config} = await import('@oclif/core/config')
  const options = {devPlugins: false, userPlugins: false}
  const [own, found] = await Promise.all([findProviders(config), findProviders(await Config.load({...options, root: folder}), config.root)])
  const problems = [
    ...found.problems.map(({problem}) => problem),
    ...found.providers.filter(({id}) => own.providers.some((builtIn) => builtIn.id === id)).map(({id}) => `is left out: ${alreadyThere(id)}`),
  ]
  const [problem] = problems.map((text) => text.replace(/^(does not work and )?is left out: /, ''))
  return {providers: found.providers.map(({id}) => id), ...(problem !== undefined && {problem})}
}

async function findProviders(config: Interfaces.Config, packageRoot: string = config.root): Promise<FoundProviders> {
  // Without capturing, an error that carries an exit code would end Helix, and others would be lost.
  const runHook = () => config.runHook(HOOK, {}, HOOK_MS, true)
  const hasOthers = packageRoot !== config.root || config.plugins.size > 1
  if (hasOthers) provideApi(packageRoot)
  const {successes, failures} = await (hasOthers ? whileAlive(runHook) : runHook())
  const problems = failures.map(({plugin, error}) => ({
    plugin: plugin.name,
    problem: `does not work and is left out: ${messageOf(error).split('\n', 1)[0]}`,
  }))
  const plugins = new Map<string, ProviderPlugin>()
  // Of two with one id it is always the same that stays.
  const rank = (name: string) => (name === config.name ? '' : name)
  for (const {plugin, result} of successes.toSorted((a, b) => (rank(a.plugin.name) < rank(b.plugin.name) ? -1 : 1))) {
    const provider = result as ProviderPlugin
    const problem = problemOf(provider, plugins)
    if (problem) problems.push({plugin: plugin.name, problem: `is left out: ${problem}`})
    else plugins.set(provider.id, plugin.name === config.name ? provider : guardOpen(provider, plugin.name))
  }
  return {providers: [...plugins.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), problems}
}

/** Runs what plugins have to say when they are loaded. That one ends the process is an error of it; so is that one waits for nothing, which would end it too. */
async function whileAlive<T>(action: () => Promise<T>): Promise<T> {
  const inside = new AsyncLocalStorage<true>()
  const {exit} = process
  process.exit = (code) => {
    if (inside.getStore()) throw new Error('it wants to end Helix')
    return exit(code)
  }
  const alive = setInterval(() => {}, HOOK_MS)
  try {
    return await inside.run(true, action)
  } finally {
    clearInterval(alive)
    process.exit = exit
  }
}

// A plugin whose files are gone is one that oclif passes over in silence.
async function findMissing(config: Interfaces.Config): Promise<FoundProviders['problems']> {
  const entries = (await readPluginList(config.dataDir)).filter(({name}) => !config.plugins.has(name))
  return Promise.all(entries.map(async (entry) => ({plugin: entry.name, problem: `is left out: ${await whyMissing(packageFolderOf(entry))}`})))
}

function whyMissing(folder: string): Promise<string> {
  return readManifest(folder, folder).then(() => 'oclif cannot load it', messageOf)
}

// What goes wrong there is the plugin's fault, and not a bug of Helix.
function guardOpen(provider: ProviderPlugin, name: string): ProviderPlugin {
  const open: ProviderPlugin['open'] = async (options) => {
    try {
      return await provider.open(options)
    } catch (error) {
      if (HelixError.is(error)) throw error
      throw new HelixError('unavailable', `the plugin ${name} cannot open its provider: ${messageOf(error)}`, {code: 'PLUGIN_BROKEN', cause: error})
    }
  }
  return Object.assign(Object.create(Object.getPrototypeOf(provider)), provider, {open})
}

function problemOf(provider: Partial<ProviderPlugin> | undefined, known: ReadonlyMap<string, ProviderPlugin>): string | undefined {
  if (typeof provider?.id !== 'string' || !/^[a-z][a-z0-9-]*$/.test(provider.id)) return 'what its hook returned is no provider'
  if (provider.apiVersion !== PROVIDER_API_VERSION) return `it is written for another version of Helix (${provider.apiVersion}, not ${PROVIDER_API_VERSION})`
  if (typeof provider.open !== 'function') return 'its provider cannot be opened'
  if (!isPlainObject(provider.settings) || !Array.isArray(provider.keyVariables)) return 'its provider does not say what settings and keyVariables it has'
  return known.has(provider.id) ? alreadyThere(provider.id) : undefined
}

function alreadyThere(id: string): string {
  return `there is a provider ${id} already`
}
