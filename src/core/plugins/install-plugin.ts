import {randomBytes} from 'node:crypto'
import {mkdir, readdir, readFile, realpath, rm, statfs, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {errorCode, HelixError} from '../errors/helix-error.js'
import {diskFull} from '../providers/npm-failure.js'
import {type ExaminedPlugin, examinePlugin, readManifest} from './examine-plugin.js'
import {pluginFailure} from './plugin-failure.js'
import {changePluginList, type PluginEntry, packageFolderOf, readPluginList} from './plugin-list.js'
import {findSource} from './plugin-source.js'
import {type NpmOptions, npmInstall} from './run-npm.js'
import {allowsVersion} from './version-range.js'

/** Bytes; npm 11 cuts files off at a full disk and reports success. */
const LEAST_SPACE = 1024 * 1024

/** What managing plugins works with. */
export interface PluginContext {
  dataDir: string
  /** Version of this Helix. */
  version: string
  /** Program and arguments that start this Helix. */
  helix: readonly string[]
}

export interface InstalledPlugin {
  name: string
  version: string
  /** The version that it takes the place of, or the folder of one that was linked. */
  replaced: string | null
  type: PluginEntry['type']
  providers: string[]
  folder: string
}

/**
 * Installs what npm can bring (a name, a name with a version, a tarball, a git address) at the exact version that it has now, each plugin in a
 * folder of its own; a folder of the user's is linked. A plugin that cannot be loaded is refused, and whatever goes wrong leaves what was
 * there before. No install script is run. Throws `usage` for what is no plugin, `unavailable` for one that does not work or cannot be had,
 * `config` without npm, `interrupted` when cancelled.
 */
export async function installPlugin(text: string, cwd: string, context: PluginContext, options: NpmOptions = {}): Promise<InstalledPlugin> {
  const source = await findSource(text, cwd)
  if (source.type === 'folder') return linkPlugin(source.folder, context, options.signal)
  const {spec, isFile} = source
  const root = join(pluginsFolder(context), `${process.pid}-${randomBytes(4).toString('hex')}`)
  try {
    await prepareFolder(root, context)
    await npmInstall(spec, root, options)
    const name = await nameOfInstalled(root, spec)
    if ((await freeSpace(root)) < LEAST_SPACE) throw diskFull(name, root)
    const isName = !isFile && !spec.includes(':') && !/^[^@].*\//.test(spec)
    const entry: PluginEntry = {name, type: 'user', root, ...(!isName && {url: spec})}
    return await register(entry, context, options.signal)
  } catch (error) {
    await rm(root, {recursive: true, force: true, maxRetries: 3})
    if (options.signal?.aborted) throw new HelixError('interrupted', 'cancelled', {code: 'CANCELLED', cause: error})
    throw HelixError.is(error) ? error : pluginFailure(spec, root, error)
  }
}

/** Makes a plugin of a folder, which stays where it is: changes in it count at once. Throws as `installPlugin` does. */
export async function linkPlugin(folder: string, context: PluginContext, signal?: AbortSignal): Promise<InstalledPlugin> {
  const root = await realpath(folder).catch((error: unknown) => {
    throw new HelixError('usage', `there is no folder ${folder}`, {code: 'FILE_MISSING', cause: error})
  })
  const {name} = await readManifest(root, root)
  try {
    return await register({name, type: 'link', root}, context, signal)
  } catch (error) {
    throw signal?.aborted ? new HelixError('interrupted', 'cancelled', {code: 'CANCELLED', cause: error}) : error
  }
}

// From here on the plugin counts, or does not.
async function register(entry: PluginEntry, context: PluginContext, signal: AbortSignal | undefined): Promise<InstalledPlugin> {
  const folder = packageFolderOf(entry)
  const {name, version, wants} = await readManifest(folder, entry.name)
  if (!allowsVersion(wants, context.version)) {
    const hint = `This is Helix ${context.version}.`
    throw new HelixError('unavailable', `${name} ${version} is written for another version of Helix: ${wants}`, {code: 'PLUGIN_INCOMPATIBLE', hint})
  }
  const {providers, problem} = await examinePlugin(folder, context.helix, signal)
  if (problem !== undefined) throw new HelixError('unavailable', `${name} ${version} does not work with this Helix: ${problem}`, {code: 'PLUGIN_BROKEN'})
  await checkIds(name, providers, context, signal)
  const listed: PluginEntry = entry.type === 'user' ? {...entry, tag: version} : entry
  signal?.throwIfAborted()
  const before = await changePluginList(context.dataDir, (entries) => [...entries.filter((other) => other.name !== name), listed])
  const old = before.find((other) => other.name === name)
  await removeUnlisted(context, old)
  return {name, version, replaced: old ? (old.tag ?? old.root) : null, type: entry.type, providers, folder}
}

// Of two plugins with one id the second would be left out, every time.
async function checkIds(name: string, ids: readonly string[], {dataDir, helix}: PluginContext, signal: AbortSignal | undefined): Promise<void> {
  const others = (await readPluginList(dataDir)).filter((entry) => entry.name !== name)
  const examined = await Promise.all(others.map((entry) => examinePlugin(packageFolderOf(entry), helix, signal)))
  const taken = (id: string) => others.find((_, index) => (examined[index] as ExaminedPlugin).providers.includes(id))
  for (const id of ids) {
    const owner = taken(id)
    if (!owner) continue
    const hint = `To have this one instead: helix plugins uninstall ${owner.name}`
    throw new HelixError('usage', `the plugin ${owner.name} brings a provider ${id} already`, {code: 'PROVIDER_TAKEN', hint})
  }
}

// With a package of Helix's name in the folder npm brings no other one, which plugins name as their peer: what they import of it is in this Helix.
async function prepareFolder(root: string, {version}: PluginContext): Promise<void> {
  const peer = {name: 'helix-cli', version}
  const manifest = {private: true, dependencies: {'helix-cli': 'file:helix-cli'}, overrides: {'helix-cli': '$helix-cli'}}
  await mkdir(join(root, 'helix-cli'), {recursive: true, mode: 0o700})
  await writeFile(join(root, 'helix-cli', 'package.json'), JSON.stringify(peer))
  await writeFile(join(root, 'package.json'), JSON.stringify(manifest))
}

async function nameOfInstalled(root: string, spec: string): Promise<string> {
  const {dependencies} = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {dependencies: Record<string, string>}
  const name = Object.keys(dependencies).find((candidate) => candidate !== 'helix-cli')
  if (name === undefined) throw new HelixError('usage', `${spec} is no plugin`, {code: 'NOT_A_PLUGIN'})
  return name
}

/** Removes the folder of the plugin that is not in the list any more, and those that killed processes have left, not those that are being filled. */
export async function removeUnlisted(context: PluginContext, old: PluginEntry | undefined): Promise<void> {
  const folder = pluginsFolder(context)
  const names = await readdir(folder).catch(() => [])
  const listed = new Set((await readPluginList(context.dataDir)).map(({root}) => root))
  const isBusy = (name: string) => join(folder, name) !== old?.root && isAlive(Number.parseInt(name, 10))
  const unlisted = names.filter((name) => !listed.has(join(folder, name)) && !isBusy(name))
  await Promise.all(unlisted.map((name) => rm(join(folder, name), {recursive: true, force: true, maxRetries: 3})))
}

function pluginsFolder({dataDir}: PluginContext): string {
  return join(dataDir, 'plugins')
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

async function freeSpace(folder: string): Promise<number> {
  const {bavail, bsize} = await statfs(folder)
  return bavail * bsize
}
