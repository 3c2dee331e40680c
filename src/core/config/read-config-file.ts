import type {Stats} from 'node:fs'
import {stat} from 'node:fs/promises'
import {basename, extname} from 'node:path'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {configError} from './config-error.js'
import {DocumentError, MAX_BYTES} from './document-limits.js'
import {errorCode} from './error-code.js'
import {openExplorer} from './open-explorer.js'
import {parseJson} from './parse-json.js'
import {parseYaml} from './parse-yaml.js'
import {isPlainObject} from './plain-object.js'

/** What a config file says, not yet validated. */
export interface ConfigFile {
  file: string
  /** The text that the settings were read from; of a package.json only its `helix` key. */
  content: string
  settings: Record<string, unknown>
  format: 'json' | 'yaml' | 'package'
}

/** Reads a config file as data. Throws kind `config`, in one line with the file and the place in it. */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  await checkReadable(file)
  let read: ConfigFile | undefined
  const explorer = await openExplorer(async (_, text) => {
    read = await parseConfigFile(file, text.replace(/^\uFEFF/, ''))
    // cosmiconfig takes the key out of a package.json itself.
    return read.format === 'package' ? {helix: read.settings} : read.settings
  })
  try {
    await explorer.load(file)
  } catch (error) {
    throw HelixError.is(error) ? error : unreadable(file, error)
  }
  if (!read) throw configError(file, 'is empty: write {} into it, or remove it', {code: 'CONFIG_SYNTAX'})
  return read
}

async function parseConfigFile(file: string, text: string): Promise<ConfigFile> {
  if (text.includes('\uFFFD')) throw configError(file, 'is not valid UTF-8', {code: 'CONFIG_SYNTAX'})
  const format = formatOf(file, text)
  try {
    const document = format === 'yaml' ? await parseYaml(text) : parseJson(text)
    const settings = asSettings(format === 'package' && isPlainObject(document) ? document.helix : document)
    return {file, content: format === 'package' ? JSON.stringify(settings) : text, settings, format}
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    throw configError(`${file}${positionOf(text, error.offset)}`, error.message, {code: 'CONFIG_SYNTAX'})
  }
}

function formatOf(file: string, text: string): ConfigFile['format'] {
  if (basename(file) === 'package.json') return 'package'
  const extension = extname(file)
  return extension === '.json' || (extension === '' && /^\s*[{[]/.test(text)) ? 'json' : 'yaml'
}

function asSettings(value: unknown): Record<string, unknown> {
  // A YAML file of comments only is the null document.
  if (value === null) return {}
  if (!isPlainObject(value)) throw new DocumentError('the settings must be an object')
  if (Object.hasOwn(value, '$import')) throw new DocumentError('$import is not supported: a config is one file')
  return value
}

function positionOf(text: string, offset: number | undefined): string {
  if (offset === undefined) return ''
  const lines = text.slice(0, offset).split('\n')
  return `:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`
}

async function checkReadable(file: string): Promise<void> {
  let stats: Stats
  try {
    stats = await stat(file)
  } catch (error) {
    throw unreadable(file, error)
  }
  // A pipe or a device would never end.
  if (!stats.isFile()) throw configError(file, `is ${stats.isDirectory() ? 'a folder' : 'a device or a pipe'}, not a file`, {code: 'CONFIG_UNREADABLE'})
  if (stats.size > MAX_BYTES) throw configError(file, 'is larger than 1 MiB', {code: 'CONFIG_UNREADABLE'})
}

const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  ELOOP: 'the link leads back to itself',
  ENOENT: 'there is no such file, or the link leads nowhere',
}

function unreadable(file: string, error: unknown): HelixError {
  return configError(file, `cannot be read: ${REASONS[errorCode(error)] ?? messageOf(error)}`, {code: 'CONFIG_UNREADABLE', cause: error})
}
