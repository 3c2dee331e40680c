import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {configError} from '../config/config-error.js'
import {withFileLock} from '../config/file-lock.js'
import {isPlainObject} from '../config/plain-object.js'
import {writeAtomically} from '../config/write-atomically.js'
import {errorCode, messageOf} from '../errors/helix-error.js'

/** A plugin as oclif reads it from `package.json` of the data folder. */
export interface PluginEntry {
  /** Name of its package. */
  name: string
  /** Installed below `root` by npm, or a folder of the user's that is `root` itself. */
  type: 'user' | 'link'
  root: string
  /** The version that was installed; of a linked folder its package.json tells. */
  tag?: string
  /** What it was installed from, as the user wrote it. */
  url?: string
}

/** Folder of a plugin's package. */
export function packageFolderOf({name, type, root}: Pick<PluginEntry, 'name' | 'type' | 'root'>): string {
  return type === 'link' ? root : join(root, 'node_modules', name)
}

/** The plugins that the user has installed or linked, by name. Throws `config` where their list cannot be read. */
export async function readPluginList(dataDir: string): Promise<PluginEntry[]> {
  const {oclif} = await readDocument(listFile(dataDir))
  return entriesOf(oclif, dataDir)
}

/**
 * Replaces the list as a whole while nobody else does, and resolves to what it was; what else stands in its file is kept. Throws `config`,
 * and `busy` where another process does not let go.
 */
export async function changePluginList(dataDir: string, change: (entries: readonly PluginEntry[]) => PluginEntry[]): Promise<PluginEntry[]> {
  const file = listFile(dataDir)
  return withFileLock(file, async () => {
    const document = await readDocument(file)
    const before = entriesOf(document.oclif, dataDir)
    const plugins = change(before)
    const oclif = {schema: 1, ...document.oclif, plugins: plugins.sort((a, b) => (a.name < b.name ? -1 : 1))}
    await writeAtomically(file, `${JSON.stringify({private: true, ...document, oclif}, null, 2)}\n`, 0o600)
    return before
  })
}

function listFile(dataDir: string): string {
  return join(dataDir, 'package.json')
}

async function readDocument(file: string): Promise<{oclif?: Record<string, unknown>}> {
  let document: unknown
  try {
    document = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {}
    throw configError(file, `cannot be read: ${messageOf(error)}`, {code: 'PLUGIN_LIST_BROKEN', cause: error})
  }
  if (isPlainObject(document) && (document.oclif === undefined || isPlainObject(document.oclif))) return document
  throw configError(file, 'is no list of plugins', {code: 'PLUGIN_LIST_BROKEN'})
}

function entriesOf(oclif: Record<string, unknown> | undefined, dataDir: string): PluginEntry[] {
  const listed = Array.isArray(oclif?.plugins) ? oclif.plugins : []
  // Where oclif's own command has installed a plugin, it says no folder.
  return listed.filter((entry) => isPlainObject(entry) && typeof entry.name === 'string').map((entry) => ({root: dataDir, type: 'user', ...entry}))
}
