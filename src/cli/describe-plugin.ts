import type {InstalledPlugin} from '../core/plugins/install-plugin.js'

/** What to tell of a plugin that has just been installed or linked. */
export function describePlugin({name, version, type, folder, replaced, providers}: InstalledPlugin): string {
  const what = type === 'link' ? `Linked ${name} ${version} in ${folder}` : `Installed ${name} ${version}`
  const instead = replaced === null ? '' : `, in place of ${replaced}`
  const next = providers.map((id) => ` Check it with: helix provider test ${id}`)
  return `${what}${instead}.${next[0] ?? ''}`
}
