import {HelixError} from '../errors/helix-error.js'
import {nearestName} from '../nearest-name.js'
import {type PluginContext, removeUnlisted} from './install-plugin.js'
import {changePluginList, type PluginEntry} from './plugin-list.js'

/** Takes a plugin away; a folder that was linked stays. Throws `usage` where there is none of that name, naming the one that was probably meant. */
export async function uninstallPlugin(name: string, context: PluginContext): Promise<PluginEntry> {
  const before = await changePluginList(context.dataDir, (entries) => {
    if (!entries.some((entry) => entry.name === name)) throw unknownPlugin(name, entries)
    return entries.filter((entry) => entry.name !== name)
  })
  const [removed] = before.filter((entry) => entry.name === name) as [PluginEntry]
  await removeUnlisted(context, removed)
  return removed
}

function unknownPlugin(name: string, entries: readonly PluginEntry[]): HelixError {
  const names = entries.map((entry) => entry.name)
  const meant = nearestName(name, names) ?? names.find((candidate) => name.length > 2 && candidate.includes(name))
  const hint = meant === undefined ? 'See what there is: helix plugins list' : `Did you mean ${meant}?`
  return new HelixError('usage', `there is no plugin ${name}`, {code: 'PLUGIN_UNKNOWN', hint})
}
