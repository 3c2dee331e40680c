import {stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join, resolve} from 'node:path'
import {HelixError} from '../errors/helix-error.js'

/** What a plugin is installed from: a folder of the user's, or something that npm brings. */
export type PluginSource = {type: 'folder'; folder: string} | {type: 'npm'; spec: string; isFile: boolean}

const TARBALL = /\.(tgz|tar\.gz|tar)$/i

/**
 * Tells a path from what npm looks up, as npm does: a path begins with `.`, `/` or `~/`, or ends as a tarball does. Throws `usage` for a path
 * where there is nothing that can be installed.
 */
export async function findSource(text: string, cwd: string): Promise<PluginSource> {
  if (text.trim() === '' || text.startsWith('-')) throw new HelixError('usage', `${JSON.stringify(text)} is no name of a package`, {code: 'PACKAGE_UNKNOWN'})
  const path = pathIn(text)
  if (path === undefined) return {type: 'npm', spec: text, isFile: false}
  const absolute = resolve(cwd, path)
  const stats = await stat(absolute).catch(() => undefined)
  if (stats?.isDirectory()) return {type: 'folder', folder: absolute}
  if (!stats) throw new HelixError('usage', `there is no file or folder ${absolute}`, {code: 'FILE_MISSING'})
  if (TARBALL.test(absolute)) return {type: 'npm', spec: absolute, isFile: true}
  throw new HelixError('usage', `${absolute} is no package`, {code: 'FILE_UNKNOWN', hint: 'Give a tarball that npm pack has made (.tgz), or a folder.'})
}

function pathIn(text: string): string | undefined {
  if (text.startsWith('file:')) return text.slice('file:'.length).replace(/^\/\/(?=\/)/, '')
  if (text.startsWith('~/')) return join(homedir(), text.slice(2))
  const isUrl = /^[a-z][a-z0-9+.-]+:/i.test(text)
  return /^(\.{1,2}([/\\]|$)|[/\\]|[a-z]:[/\\])/i.test(text) || (TARBALL.test(text) && !isUrl) ? text : undefined
}
