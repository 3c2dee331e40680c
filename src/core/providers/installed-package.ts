import {readFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'

/** A package in a folder of its own, as `installPackage` leaves it. */
export interface FoundPackage {
  version: string
  /** What to import, as a file URL. */
  entry: string
}

/** The package that is installed in a folder; undefined where there is none that can be imported. */
export async function findPackage(folder: string, name: string): Promise<FoundPackage | undefined> {
  if (!folder) return undefined
  try {
    const {version} = JSON.parse(await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8'))
    const entry = createRequire(join(folder, 'package.json')).resolve(name)
    return {version, entry: pathToFileURL(entry).href}
  } catch {
    return undefined
  }
}
