import type {SFTPWrapper, Stats} from 'ssh2'
import {HelixError} from '../errors/helix-error.js'
import {fileError} from './file-error.js'
import {inChunks} from './in-chunks.js'
import {atOnce} from './ssh2-channels.js'

type Callback<T> = (error: Error | null | undefined, value: T) => void

// Status codes of the SFTP protocol, version 3 (draft-ietf-secsh-filexfer-02, 7).
const END_OF_FILE = 1
const NO_SUCH_FILE = 2
const PERMISSION_DENIED = 3

/** An SFTP session whose calls are promises that also settle when the session is lost. */
export class SftpSession {
  readonly #sftp: SFTPWrapper
  readonly #pending = new Set<(error: Error) => void>()
  #failure: Error | undefined

  constructor(sftp: SFTPWrapper, onClose: () => void) {
    this.#sftp = sftp
    sftp.on('error', (error: Error) => this.#fail(error))
    sftp.once('close', () => {
      this.#fail(new HelixError('unavailable', 'the worker closed the file session', {code: 'SESSION_LOST'}))
      onClose()
    })
  }

  get isOpen(): boolean {
    return this.#failure === undefined
  }

  open(path: string, flags: 'r' | 'wx', mode = 0o600): Promise<Buffer> {
    return this.#call(path, (done) => (flags === 'r' ? this.#sftp.open(path, flags, done) : this.#sftp.open(path, flags, {mode}, done)))
  }

  close(path: string, handle: Buffer): Promise<void> {
    return this.#call(path, (done) => this.#sftp.close(handle, (error) => done(error, undefined)))
  }

  /** Looks at an open file, or at what is at the path. */
  stat(path: string, handle?: Buffer): Promise<Stats> {
    return this.#call(path, (done) => (handle === undefined ? this.#sftp.stat(path, done) : this.#sftp.fstat(handle, done)))
  }

  setMode(path: string, mode: number): Promise<void> {
    return this.#call(path, (done) => this.#sftp.chmod(path, mode, (error) => done(error, undefined)))
  }

  remove(path: string): Promise<void> {
    return this.#call(path, (done) => this.#sftp.unlink(path, (error) => done(error, undefined)))
  }

  /** Renames a file, replacing what is there. */
  async replace(from: string, to: string): Promise<void> {
    try {
      return await this.#call(to, (done) => this.#sftp.ext_openssh_rename(from, to, (error) => done(error, undefined)))
    } catch (error) {
      // Thrown by ssh2 where the server has not OpenSSH's extension; plain SFTP renames only onto nothing.
      if (!(error instanceof Error && error.cause instanceof Error && error.cause.message.includes('extended request'))) throw error
    }
    await this.remove(to).catch(() => {})
    await this.#call<void>(to, (done) => this.#sftp.rename(from, to, (error) => done(error, undefined)))
  }

  /** Reads from `position` until the buffer is full or the file ends; returns the number of bytes. */
  async read(path: string, handle: Buffer, buffer: Buffer, position: number): Promise<number> {
    let total = buffer.length
    await inChunks(buffer.length, async (offset, length) => {
      let done = 0
      while (done < length && offset + done < total) {
        const count = await this.#readSome(path, handle, buffer.subarray(offset + done, offset + length), position + offset + done)
        if (count === 0) total = Math.min(total, offset + done)
        done += count
      }
    })
    return total
  }

  write(path: string, handle: Buffer, data: Buffer, position: number): Promise<void> {
    return this.#call(path, (done) => atOnce(this.#sftp, () => this.#sftp.write(handle, data, 0, data.length, position, (error) => done(error, undefined))))
  }

  end(): void {
    this.#sftp.end()
  }

  /** Rejects all calls in flight; for when the connection is gone. */
  abort(error: Error): void {
    this.#fail(error)
  }

  #readSome(path: string, handle: Buffer, into: Buffer, position: number): Promise<number> {
    return this.#call(path, (done) =>
      this.#sftp.read(handle, into, 0, into.length, position, (error, count) => {
        if ((error as {code?: number} | undefined)?.code === END_OF_FILE) done(undefined, 0)
        else done(error, count)
      }),
    )
  }

  // ssh2 never answers a call on a session that is closed, nor one that was cut off without a response.
  #call<T>(path: string, start: (done: Callback<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure)
      this.#pending.add(reject)
      const done: Callback<T> = (error, value) => {
        this.#pending.delete(reject)
        if (error) reject(this.#failure ?? toFileError(error, path))
        else resolve(value)
      }
      try {
        start(done)
      } catch (error) {
        done(error as Error, undefined as T)
      }
    })
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const reject of this.#pending) reject(this.#failure)
    this.#pending.clear()
  }
}

function toFileError(error: Error, path: string): HelixError {
  const {code} = error as {code?: number}
  return fileError(code === NO_SUCH_FILE ? 'missing' : code === PERMISSION_DENIED ? 'denied' : 'failed', path, error)
}
