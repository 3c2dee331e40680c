import {open, readdir, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join, resolve} from 'node:path'
import {errorCode, messageOf} from '../../core/errors/helix-error.js'
import type {ModelInfo} from '../../core/providers/provider.js'
import {ProviderError} from '../../core/providers/provider-error.js'
import {checkGguf} from './check-gguf.js'

/** A model in several files is named by its first, such as big-00001-of-00003.gguf. */
const PART = /-(\d{5})-of-(\d{5})\.gguf$/i

export interface ModelFile {
  path: string
  /** Of all its parts. */
  bytes: number
}

/** The file that a model's name means: a path, or a name in the folder with models. Throws `usage` where there is no GGUF file. */
export async function findModelFile(name: string, folder: string | undefined): Promise<ModelFile> {
  const path = resolve(folder === undefined ? '.' : expandHome(folder), expandHome(name))
  const [, , count] = PART.exec(path) ?? []
  const parts = Array.from({length: Number(count ?? 1)}, (_, index) =>
    count ? path.replace(PART, `-${String(index + 1).padStart(5, '0')}-of-${count}.gguf`) : path,
  )
  const sizes = await Promise.all(parts.map(checkFile))
  return {path, bytes: sizes.reduce((sum, size) => sum + size, 0)}
}

async function checkFile(path: string): Promise<number> {
  try {
    const file = await open(path)
    try {
      const {size} = await file.stat()
      const problem = await checkGguf(file, size)
      if (problem) throw invalidModel(`${path} cannot be loaded: ${problem}`)
      return size
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof ProviderError) throw error
    const hint = 'Name a GGUF file by its path, as in llamacpp//models/small.gguf, or see those in models_folder: helix provider models llamacpp'
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new ProviderError('usage', `there is no model file ${path}`, {code: 'MODEL_UNKNOWN', hint, cause: error})
    if (code === 'EISDIR') throw invalidModel(`${path} cannot be loaded: it is a folder, not a GGUF file`)
    throw new ProviderError('usage', `the model file cannot be read: ${messageOf(error)}`, {code: 'MODEL_UNREADABLE', cause: error})
  }
}

/** The error for a file that no model can be loaded from. */
export function invalidModel(message: string, cause?: unknown): ProviderError {
  return new ProviderError('usage', message, {code: 'MODEL_INVALID', hint: 'Fetch it again, or take another GGUF file.', cause})
}

/** The models in a folder, by name. Throws `config` where it cannot be read. */
export async function listModelFiles(id: string, folder: string | undefined): Promise<ModelInfo[]> {
  const setting = `helix config set providers.${id}.models_folder FOLDER`
  if (folder === undefined) {
    throw new ProviderError('config', `${id}: no folder with models is set`, {code: 'MODELS_FOLDER_MISSING', hint: `Set it: ${setting}`})
  }
  const path = resolve(expandHome(folder))
  try {
    const names = (await readdir(path)).filter((name) => /\.gguf$/i.test(name) && Number(PART.exec(name)?.[1] ?? 1) === 1)
    return await Promise.all(
      names.sort().map(async (name) => {
        const {size, mtime} = await stat(join(path, name))
        return {id: name, sizeBytes: size, modifiedAt: mtime.toISOString()}
      }),
    )
  } catch (error) {
    throw new ProviderError('config', `${id}: the folder with models cannot be read: ${messageOf(error)}`, {
      code: 'MODELS_FOLDER_MISSING',
      hint: `Set another: ${setting}`,
      cause: error,
    })
  }
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}
