import {lstat, open, readdir, readlink} from 'node:fs/promises'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {staysInside} from './link-target.js'
import {padding, type TarEntry, writeHeader} from './tar-header.js'

const CHUNK = 256 * 1024
// tar reads so many bytes at a time from a pipe.
const RECORD = 10_240

/** A folder's content, looked through before any of it is sent. */
export interface Tree {
  /** Names from the folder on, parents first; the folder itself is `.`. */
  entries: (TarEntry & {path: Buffer})[]
  /** Bytes in all files. */
  size: number
}

/** Looks through a local folder. Throws (kind `usage`) for what cannot be copied: a symbolic link that leads out of it, a socket, what may not be read. */
export async function walkTree(root: string): Promise<Tree> {
  const tree: Tree = {entries: [], size: 0}
  const visit = async (path: Buffer, name: Buffer, depth: number): Promise<void> => {
    const stats = await lstat(path)
    const common = {path, name, mode: stats.mode & 0o777, mtime: stats.mtimeMs / 1000}
    if (stats.isSymbolicLink() && depth >= 0) {
      const target = await readlink(path, {encoding: 'buffer'})
      if (!staysInside(target, depth)) throw refusal(`${path} is a symbolic link to ${target}, which is not in the folder that is copied`)
      tree.entries.push({...common, type: 'link', size: 0, target})
    } else if (stats.isFile()) {
      tree.size += stats.size
      tree.entries.push({...common, type: 'file', size: stats.size})
    } else if (stats.isDirectory()) {
      // The worker's tar could not write into a folder that its owner may not change.
      tree.entries.push({...common, mode: common.mode | 0o700, type: 'folder', size: 0})
      for (const child of (await readdir(path, {encoding: 'buffer'})).toSorted(Buffer.compare))
        await visit(joinBytes(path, child), joinBytes(name, child), depth + 1)
    } else throw refusal(`${path} is not a file, a folder or a symbolic link`)
  }
  try {
    // A link that the user names is followed, one that is found is not.
    await visit(Buffer.from(root.endsWith('/') ? root : `${root}/`), Buffer.from('.'), -1)
  } catch (error) {
    throw HelixError.is(error) ? error : refusal(`cannot read ${root}: ${messageOf(error)}`, error)
  }
  return tree
}

/** Packs a tree into a tar archive, below the folder `prefix`; the archive ends with an empty file `end`, so that who unpacks it can tell that it is whole. `onBytes` hears of the bytes of files. */
export async function* packTree({entries}: Tree, prefix: string, end: string, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  let total = 0
  const counted = (data: Buffer) => {
    total += data.length
    return data
  }
  for (const {path, ...entry} of entries) {
    const name = joinBytes(Buffer.from(prefix), entry.name)
    if (entry.type !== 'file') {
      yield counted(writeHeader({...entry, name}))
      continue
    }
    const file = await open(path).catch((error: unknown) => {
      throw refusal(`cannot read ${path}: ${messageOf(error)}`, error)
    })
    try {
      yield counted(writeHeader({...entry, name}))
      for (let done = 0; done < entry.size; ) {
        const {buffer, bytesRead} = await file.read(Buffer.allocUnsafe(Math.min(CHUNK, entry.size - done)))
        if (bytesRead === 0) throw new HelixError('unavailable', `${path} became shorter while it was copied`, {code: 'FILE_CHANGED'})
        done += bytesRead
        yield counted(buffer.subarray(0, bytesRead))
        onBytes(bytesRead)
      }
      yield counted(padding(entry.size))
    } finally {
      await file.close()
    }
  }
  yield counted(writeHeader({name: Buffer.from(end), type: 'file', mode: 0o600, size: 0, mtime: 0}))
  // Two empty blocks end an archive.
  yield Buffer.alloc(1024 + ((RECORD - ((total + 1024) % RECORD)) % RECORD))
}

function joinBytes(folder: Buffer, name: Buffer): Buffer {
  const slash = folder.at(-1) === 0x2f ? '' : '/'
  return Buffer.concat([folder, Buffer.from(slash), name])
}

function refusal(message: string, cause?: unknown): HelixError {
  return new HelixError('usage', message, {code: 'COPY_REFUSED', ...(cause !== undefined && {cause})})
}
