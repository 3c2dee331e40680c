import {randomUUID} from 'node:crypto'
import {chmod, type FileHandle, open, rename, rm} from 'node:fs/promises'
import {HelixError, messageOf} from '../errors/helix-error.js'

/** Opens a local file to be uploaded. Throws (kind `usage`) when there is none, or it is not a file. */
export async function openLocalFile(path: string): Promise<{handle: FileHandle; size: number; mode: number}> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw new HelixError('usage', `cannot read ${path}: ${messageOf(error)}`, {code: 'LOCAL_FILE_UNREADABLE', cause: error})
  })
  const stats = await handle.stat()
  if (stats.isFile()) return {handle, size: stats.size, mode: stats.mode & 0o777}
  await handle.close()
  throw new HelixError('usage', `${path} is not a file`, {code: 'LOCAL_FILE_UNREADABLE'})
}

/**
 * Writes a local file beside its place and renames it there once it is whole; on failure, or when `write` resolves to false, nothing is left.
 * `mode` is exact, `defaultMode` subject to the umask. Resolves to whether the file was written.
 */
export async function writeLocalFile(
  path: string,
  mode: number | undefined,
  defaultMode: number,
  write: (handle: FileHandle) => Promise<boolean>,
): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}.part`
  // An exact mode may be narrower than the umask leaves, so the file is nobody else's until it is whole.
  const handle = await open(temporary, 'wx', mode === undefined ? defaultMode : 0o600).catch((error: unknown) => {
    throw new HelixError('usage', `cannot write ${path}: ${messageOf(error)}`, {code: 'LOCAL_FILE_UNWRITABLE', cause: error})
  })
  try {
    let isWritten: boolean
    try {
      isWritten = await write(handle)
    } finally {
      await handle.close()
    }
    if (!isWritten) {
      await rm(temporary, {force: true})
      return false
    }
    if (mode !== undefined) await chmod(temporary, mode)
    await rename(temporary, path)
    return true
  } catch (error) {
    await rm(temporary, {force: true})
    throw error
  }
}
