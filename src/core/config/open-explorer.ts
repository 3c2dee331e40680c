import {dirname} from 'node:path'
import {fileURLToPath} from 'node:url'
import type {Loader, PublicExplorer} from 'cosmiconfig'
import {messageOf} from '../errors/helix-error.js'
import {configError} from './config-error.js'

const DATA_EXTENSIONS = ['.json', '.yaml', '.yml', 'noExt']
const CODE_EXTENSIONS = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts']

/** A cosmiconfig that reads data with `load` and refuses to run a file of code. */
export async function openExplorer(load: Loader): Promise<PublicExplorer> {
  const {default: cosmiconfig} = await import('cosmiconfig')
  const loaders = Object.fromEntries([...DATA_EXTENSIONS.map((extension) => [extension, load]), ...CODE_EXTENSIONS.map((extension) => [extension, refuseCode])])
  return inOwnFolder(() => cosmiconfig.cosmiconfig('helix', {cache: false, loaders, searchPlaces: ['helix.json']}))
}

function refuseCode(file: string): never {
  throw configError(file, 'is code, and Helix runs no code as configuration: write the settings into helix.json', {code: 'CONFIG_IS_CODE'})
}

// While it is constructed cosmiconfig runs ./.config/config.js, whatever loaders it is given. Helix's own folder has none, and who can
// write there needs no such trick; the root folder is no such place, because in a container it may be the project.
function inOwnFolder<T>(construct: () => T): T {
  const cwd = process.cwd()
  process.chdir(dirname(fileURLToPath(import.meta.url)))
  try {
    return construct()
  } finally {
    goBack(cwd)
  }
}

function goBack(cwd: string): void {
  try {
    process.chdir(cwd)
  } catch (error) {
    // Started as another user in a folder that is closed to them: tasks must not run in ours instead.
    throw configError(cwd, `the current folder cannot be entered: ${messageOf(error)}`, {code: 'CURRENT_FOLDER_CLOSED', cause: error})
  }
}
