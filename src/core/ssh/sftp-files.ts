import {randomUUID} from 'node:crypto'
import type {FileHandle} from 'node:fs/promises'
import {HelixError} from '../errors/helix-error.js'
import type {CopyOptions} from '../workers/transport.js'
import {inChunks, laneBuffers} from './in-chunks.js'
import {openLocalFile, writeLocalFile} from './local-file.js'
import type {SftpSession} from './sftp-session.js'
import type {FileStat, WorkerFiles} from './worker-files.js'

const HANDLES = 8
const HANDLE_IDLE_MS = 30_000

interface OpenHandle {
  handle: Promise<Buffer>
  expiry: NodeJS.Timeout
  /** Reads in flight; the handle is closed after the last one. */
  users: number
}

/** The files of a worker through SFTP. */
export class SftpFiles implements WorkerFiles {
  readonly #sftp: SftpSession
  readonly #handles = new Map<string, OpenHandle>()

  constructor(sftp: SftpSession) {
    this.#sftp = sftp
  }

  async readRange(path: string, offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length)
    // Who reads on from the middle follows a log, and gets the handle of the last time; who reads from the start wants the file as it is now, which may have been replaced.
    if (offset === 0) this.#forget(path)
    const open = this.#openHandle(path)
    open.users += 1
    try {
      return buffer.subarray(0, await this.#sftp.read(path, await open.handle, buffer, offset))
    } catch (error) {
      this.#forget(path)
      throw error
    } finally {
      open.users -= 1
      if (this.#handles.get(path) !== open) this.#closeUnused(path, open)
    }
  }

  async stat(path: string): Promise<FileStat> {
    const {size, mode} = await this.#sftp.stat(path)
    return {size, mode: mode & 0o777}
  }

  async upload(localPath: string, workerPath: string, options: CopyOptions = {}): Promise<void> {
    const local = await openLocalFile(localPath)
    const temporary = `${workerPath}.${options.copyName ?? randomUUID()}.part`
    try {
      if (options.copyName !== undefined) await this.#sftp.remove(temporary).catch(() => {})
      const handle = await this.#sftp.open(temporary, 'wx')
      try {
        let done = 0
        const bufferOf = laneBuffers()
        await inChunks(local.size, async (position, length, lane) => {
          const {buffer, bytesRead} = await local.handle.read(bufferOf(lane, length), 0, length, position)
          if (bytesRead !== length) throw changedError(localPath)
          await this.#sftp.write(temporary, handle, buffer, position)
          done += length
          options.onProgress?.(done, local.size)
        })
      } finally {
        await this.#sftp.close(temporary, handle)
      }
      await this.#sftp.setMode(temporary, options.mode ?? local.mode)
      await this.#sftp.replace(temporary, workerPath)
    } catch (error) {
      await this.#sftp.remove(temporary).catch(() => {})
      throw error
    } finally {
      await local.handle.close()
    }
  }

  async download(workerPath: string, localPath: string, options: CopyOptions = {}): Promise<void> {
    const handle = await this.#sftp.open(workerPath, 'r')
    try {
      const {size, mode} = await this.#sftp.stat(workerPath, handle)
      await writeLocalFile(localPath, options.mode, mode & 0o777, async (local) => {
        let done = 0
        const bufferOf = laneBuffers()
        await inChunks(size, async (position, length, lane) => {
          const buffer = bufferOf(lane, length)
          const count = await this.#sftp.read(workerPath, handle, buffer, position)
          if (count !== length) throw changedError(workerPath)
          await writeAt(local, buffer, position)
          done += length
          options.onProgress?.(done, size)
        })
        return true
      })
    } finally {
      await this.#sftp.close(workerPath, handle).catch(() => {})
    }
  }

  /** Forgets the open handles and ends the session. */
  end(): void {
    for (const {expiry} of this.#handles.values()) clearTimeout(expiry)
    this.#handles.clear()
    this.#sftp.end()
  }

  #openHandle(path: string): OpenHandle {
    const known = this.#handles.get(path)
    if (known !== undefined) {
      known.expiry.refresh()
      return known
    }
    const [oldest] = this.#handles.keys()
    if (oldest !== undefined && this.#handles.size >= HANDLES) this.#forget(oldest)
    const expiry = setTimeout(() => this.#forget(path), HANDLE_IDLE_MS).unref()
    const open = {handle: this.#sftp.open(path, 'r'), expiry, users: 0}
    this.#handles.set(path, open)
    return open
  }

  #forget(path: string): void {
    const open = this.#handles.get(path)
    if (open === undefined) return
    this.#handles.delete(path)
    clearTimeout(open.expiry)
    this.#closeUnused(path, open)
  }

  #closeUnused(path: string, {handle, users}: OpenHandle): void {
    if (users === 0) handle.then((opened) => this.#sftp.close(path, opened)).catch(() => {})
  }
}

// A disk that fills up takes a part without a word, and refuses the rest.
async function writeAt(file: FileHandle, buffer: Buffer, position: number): Promise<void> {
  for (let done = 0; done < buffer.length; ) done += (await file.write(buffer, done, buffer.length - done, position + done)).bytesWritten
}

function changedError(path: string): HelixError {
  return new HelixError('unavailable', `${path} became shorter while it was copied`, {code: 'FILE_CHANGED'})
}
