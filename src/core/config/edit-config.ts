import {existsSync, realpathSync} from 'node:fs'
import {resolve} from 'node:path'
import {HelixError} from '../errors/helix-error.js'
import {isTrusted, trustFile} from '../security/project-trust.js'
import {redactValue} from '../security/redact.js'
import {coerceText} from './coerce-text.js'
import {configError, showProblem} from './config-error.js'
import {type ConfigPath, formatPath, isWithin, parsePath, valueAt, withoutValueAt, withValueAt} from './config-path.js'
import {DocumentError} from './document-limits.js'
import {withFileLock} from './file-lock.js'
import {findProjectFile, findUserFile} from './find-config-files.js'
import type {ConfigLocation} from './load-config.js'
import type {ConfigLayer} from './merge-layers.js'
import {type FileLayer, findProblems, readLayer} from './read-layer.js'
import {splitUntrusted} from './restrict-untrusted.js'
import {requireNode} from './schema-at.js'
import {writeAtomically} from './write-atomically.js'

/** Which file is edited: the user's, or the nearest one of the project (`helix.json` in the current folder where there is none). */
export type ConfigScope = 'user' | 'project'

type Settings = Record<string, unknown>

/** What `config set` did; the value redacted. */
export interface ChangedSetting {
  path: string
  value: unknown
  file: string
}

/** What `config unset` did; `removed` is false where the file does not set it. */
export interface RemovedSetting {
  path: string
  file: string
  removed: boolean
}

/** Sets one setting in a file, validated before anything is written. The text is coerced to the type of the setting. Throws kind `config`. */
export async function setSetting(pathText: string, text: string, scope: ConfigScope, location: ConfigLocation): Promise<ChangedSetting> {
  const path = parsePath(pathText)
  const value = readText(path, text)
  const file = await editFile(path, scope, location, (settings) => withValueAt(settings, path, value) as Settings)
  return {path: formatPath(path), value: valueAt(redactValue(withValueAt({}, path, value)), path), file}
}

/** Removes one setting from a file. Throws kind `config`. */
export async function unsetSetting(pathText: string, scope: ConfigScope, location: ConfigLocation): Promise<RemovedSetting> {
  const path = parsePath(pathText)
  requireNode(path)
  let removed = false
  const file = await editFile(path, scope, location, (settings) => {
    removed = valueAt(settings, path) !== undefined
    return removed ? withoutValueAt(settings, path) : settings
  })
  return {path: formatPath(path), file, removed}
}

function readText(path: ConfigPath, text: string): unknown {
  try {
    return coerceText(text, requireNode(path))
  } catch (error) {
    throw error instanceof DocumentError ? configError(formatPath(path), error.message) : error
  }
}

async function editFile(path: ConfigPath, scope: ConfigScope, location: ConfigLocation, change: (settings: Settings) => Settings): Promise<string> {
  const userFile = findUserFile(location.configDir)
  const file =
    scope === 'user'
      ? (userFile ?? resolve(location.configDir, 'helix.json'))
      : (findProjectFile(location.cwd, userFile) ?? resolve(location.cwd, 'helix.json'))
  await withFileLock(existsSync(file) ? realpathSync(file) : file, async () => {
    const below = scope === 'project' && userFile !== undefined ? [await readLayer(userFile, 'user', [])] : []
    const before = existsSync(file) ? await readLayer(file, scope, below) : undefined
    if (before && before.read.format !== 'json') throw notRewritten(before)
    const old = before?.settings ?? {}
    const settings = change(old)
    if (settings === old) return
    checkEdited({origin: {source: scope, file}, settings}, below, path, file)
    const content = formatLike(before?.read.content, settings)
    const keepTrust = scope === 'project' && (await isUsersOwn(before, location.configDir))
    await writeAtomically(file, content, scope === 'user' ? 0o600 : 0o644)
    if (keepTrust) await trustFile(file, content, location.configDir)
  })
  return file
}

function checkEdited(layer: ConfigLayer, below: readonly ConfigLayer[], path: ConfigPath, file: string): void {
  const problems = findProblems(layer, below)
  const problem = problems.find((one) => isWithin(one.path, path)) ?? problems[0]
  if (problem) throw new HelixError('config', showProblem(problem), {code: 'CONFIG_INVALID', hint: `${file} is left as it was`})
}

// What the user writes into a file that was theirs before, or that says nothing dangerous, needs no second consent.
async function isUsersOwn(before: FileLayer | undefined, configDir: string): Promise<boolean> {
  if (!before || splitUntrusted(before.settings).ignored.length === 0) return true
  return await isTrusted(before.read.file, before.read.content, configDir, {})
}

function notRewritten({read}: FileLayer): HelixError {
  const reason = read.format === 'yaml' ? 'is YAML, which Helix reads but does not rewrite, so that your comments stay' : 'is not rewritten by Helix'
  return configError(read.file, reason, {code: 'CONFIG_NOT_REWRITTEN', hint: 'Edit it yourself, or move the settings into helix.json'})
}

function formatLike(before: string | undefined, settings: Settings): string {
  const indent = before === undefined ? '  ' : (/\n([ \t]+)\S/.exec(before)?.[1] ?? '  ')
  return `${JSON.stringify(settings, undefined, indent)}\n`
}
