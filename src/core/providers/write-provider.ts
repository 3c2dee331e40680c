import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {errorCode, HelixError, messageOf} from '../errors/helix-error.js'

export interface NewProvider {
  /** Id of the provider. */
  id: string
  /** Name of the package. */
  package: string
  folder: string
  files: string[]
}

/**
 * Writes the package of a new provider, with tests that pass, into a folder that is empty or not there yet; a failure leaves nothing. The template is
 * such a package itself, of a provider called acme. Throws `usage` for an id that is none, and where the folder has something in it.
 */
export async function writeProvider(id: string, folder: string, {template, version}: {template: string; version: string}): Promise<NewProvider> {
  if (!/^[a-z][a-z0-9-]*$/.test(id)) {
    const hint = 'Give it lower case letters, digits and dashes, a letter first.'
    throw new HelixError('usage', `${JSON.stringify(id)} is no id of a provider`, {code: 'ID_INVALID', hint})
  }
  const rename = renamer(id)
  const files = (await readdir(template)).sort()
  const made = await makeFolder(folder)
  const written: string[] = []
  try {
    for (const name of files) {
      const text = rename(await readFile(join(template, name), 'utf8'))
      const path = join(folder, name)
      await writeFile(path, name === 'package.json' ? text.replace('"helix-cli": "*"', `"helix-cli": ">=${version}"`) : text, {flag: 'wx'})
      written.push(path)
    }
  } catch (error) {
    await Promise.all(written.map((path) => rm(path, {force: true})))
    if (made !== undefined) await rm(made, {recursive: true, force: true})
    throw unwritable(folder, error)
  }
  return {id, package: `helix-provider-${id}`, folder, files}
}

/** Makes the folder, and tells the first that was not there. */
async function makeFolder(folder: string): Promise<string | undefined> {
  const found = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return []
    throw unwritable(folder, error)
  })
  // Such as .git.
  const others = found.filter((name) => !name.startsWith('.'))
  if (others.length > 0) throw new HelixError('usage', `${folder} is not empty`, {code: 'FOLDER_NOT_EMPTY', hint: 'Name another one with --dir.'})
  return mkdir(folder, {recursive: true}).catch((error: unknown) => {
    throw unwritable(folder, error)
  })
}

function renamer(id: string): (text: string) => string {
  const words = id
    .split('-')
    .filter(Boolean)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  const names: Record<string, string> = {
    AcmeProvider: `${words.join('')}Provider`,
    ACME: id.replaceAll('-', '_').toUpperCase(),
    Acme: words.join(' '),
    acme: id,
  }
  return (text) => text.replaceAll(/AcmeProvider|ACME|Acme|acme/g, (word) => names[word] ?? word)
}

function unwritable(folder: string, error: unknown): HelixError {
  return new HelixError('usage', `${folder} cannot be written: ${messageOf(error)}`, {code: 'FOLDER_UNWRITABLE', cause: error})
}
