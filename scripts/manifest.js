// Writes oclif.manifest.json, from which oclif knows every command without loading one. The package `oclif` would do it too, for 100 packages more.
import {readFileSync, renameSync, writeFileSync} from 'node:fs'
import {homedir} from 'node:os'
import {fileURLToPath} from 'node:url'
import {Plugin} from '@oclif/core'

export const MANIFEST = 'oclif.manifest.json'

/** Writes the manifest of what is in dist, and says whether that changed it. */
export async function writeManifest() {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const plugin = new Plugin({errorOnManifestCreate: true, ignoreManifest: true, respectNoCacheDefault: true, root, type: 'core'})
  await plugin.load()
  const commands = Object.fromEntries(Object.entries(plugin.manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1)))
  const text = `${JSON.stringify({commands, version: plugin.manifest.version}, null, 2)}\n`
  for (const path of [root, homedir()]) {
    if (path.length > 2 && text.includes(path))
      throw new Error(`the manifest would carry this machine's path ${path}: give the flag a defaultHelp or noCacheDefault`)
  }
  if (text === readManifest()) return false
  // Renamed into place: a helix that starts meanwhile must not see half a file.
  writeFileSync(`${MANIFEST}.${process.pid}`, text)
  renameSync(`${MANIFEST}.${process.pid}`, MANIFEST)
  return true
}

function readManifest() {
  try {
    return readFileSync(MANIFEST, 'utf8')
  } catch {
    return
  }
}
