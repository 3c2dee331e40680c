import {lstatSync, readFileSync, realpathSync, statSync} from 'node:fs'
import {dirname, join, resolve} from 'node:path'
import {messageOf} from '../errors/helix-error.js'
import {configError} from './config-error.js'
import {MAX_BYTES} from './document-limits.js'

// In a folder the first one counts. The names that would be code are looked for so that they are refused and not passed over in silence.
const NAMES = ['helix.json', '.helixrc', '.helixrc.json', '.helixrc.yaml', '.helixrc.yml']
const CODE_NAMES = ['js', 'cjs', 'mjs', 'ts', 'cts', 'mts'].map((extension) => `.helixrc.${extension}`)

/** The files that a config is read from, null where there is none. */
export interface ConfigFiles {
  user_file: string | null
  project_file: string | null
}

/** Finds the user's and the project's config file without reading them. */
export function findConfigFiles(cwd: string, configDir: string): ConfigFiles {
  const userFile = findUserFile(configDir)
  return {user_file: userFile ?? null, project_file: findProjectFile(cwd, userFile) ?? null}
}

/** The user's config file, undefined where the config folder has none. Throws kind `config` where that cannot be told. */
export function findUserFile(configDir: string): string | undefined {
  try {
    return findIn(resolve(configDir))
  } catch (error) {
    throw configError(configDir, `the config folder cannot be searched: ${messageOf(error)}`, {code: 'CONFIG_UNREADABLE', cause: error})
  }
}

/** The nearest config file of a project, in `cwd` or the folders above it; never the user's own file, which is not counted twice. */
export function findProjectFile(cwd: string, userFile: string | undefined): string | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = findInReadable(folder)
    if (file !== undefined && !isSameFile(file, userFile)) return file
    if (folder === dirname(folder)) return undefined
  }
}

function findIn(folder: string): string | undefined {
  return [...NAMES, ...CODE_NAMES].map((name) => join(folder, name)).find(exists)
}

// A folder above the project that may not be searched has nothing that could be read.
function findInReadable(folder: string): string | undefined {
  try {
    return findIn(folder) ?? findPackage(folder)
  } catch {
    return undefined
  }
}

// A link that leads nowhere exists too: passing over it would be passing over what somebody meant to be read.
function exists(file: string): boolean {
  return lstatSync(file, {throwIfNoEntry: false}) !== undefined
}

// A package.json counts when it has the key `helix`; a broken one only when it seems to, because others are npm's business.
function findPackage(folder: string): string | undefined {
  const file = join(folder, 'package.json')
  const text = readSmallFile(file)
  if (text === undefined || !text.includes('"helix"')) return undefined
  try {
    return Object.hasOwn(JSON.parse(text), 'helix') ? file : undefined
  } catch {
    return file
  }
}

function readSmallFile(file: string): string | undefined {
  const stats = statSync(file, {throwIfNoEntry: false})
  return stats?.isFile() && stats.size <= MAX_BYTES ? readFileSync(file, 'utf8') : undefined
}

function isSameFile(file: string, other: string | undefined): boolean {
  if (other === undefined) return false
  try {
    return realpathSync(file) === realpathSync(other)
  } catch {
    return resolve(file) === resolve(other)
  }
}
