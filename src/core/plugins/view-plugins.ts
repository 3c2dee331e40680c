import {messageOf} from '../errors/helix-error.js'
import {redact} from '../security/redact.js'
import {examinePlugin, readManifest} from './examine-plugin.js'
import type {PluginContext} from './install-plugin.js'
import {type PluginEntry, packageFolderOf, readPluginList} from './plugin-list.js'

/** A plugin as commands print it. */
export interface PluginView {
  name: string
  version: string | null
  type: PluginEntry['type']
  /** Ids of the providers that it brings. */
  providers: string[]
  folder: string
  /** What it was installed from, where that is not its name. */
  source: string | null
  /** Why it, or one of its providers, is left out; null for nothing. */
  problem: string | null
}

/** The user's plugins, each loaded in a process of its own to see whether it works. Throws `config` where their list cannot be read. */
export async function viewPlugins(context: PluginContext, signal?: AbortSignal): Promise<PluginView[]> {
  const entries = await readPluginList(context.dataDir)
  return Promise.all(entries.map((entry) => viewPlugin(entry, context, signal)))
}

async function viewPlugin(entry: PluginEntry, {helix}: PluginContext, signal: AbortSignal | undefined): Promise<PluginView> {
  const {name, type, url, tag} = entry
  const folder = packageFolderOf(entry)
  const view = {name, version: tag ?? null, type, providers: [], folder, source: url === undefined ? null : redact(url)}
  try {
    const {version} = await readManifest(folder, name)
    const {providers, problem} = await examinePlugin(folder, helix, signal)
    return {...view, version, providers, problem: problem ?? null}
  } catch (error) {
    return {...view, problem: messageOf(error)}
  }
}
