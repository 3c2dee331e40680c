import {createWriteStream} from 'node:fs'
import {mkdir, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Readable} from 'node:stream'
import {Transform} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {HelixError} from '../errors/helix-error.js'

/** The most that is kept of a standard input. */
export const STDIN_CAP_BYTES = 1024 ** 3

/** What a request's tasks need beside their rows. It may hold secrets, so it is in 0600 files here and never in the store. */
export interface SpooledRequest {
  /** Variables that were given for the tasks. */
  environment: Record<string, string>
  /** Variables given for single tasks, by task id. */
  taskEnvironments?: Record<string, Record<string, string>>
  /** The caller's whole environment, for tasks on this machine. */
  callerEnvironment?: NodeJS.ProcessEnv
}

/** The folder of files that requests leave on the machine they were made on. */
export class Spool {
  readonly #root: string

  constructor(dataDir: string) {
    this.#root = join(dataDir, 'spool')
  }

  async write(requestId: string, request: SpooledRequest): Promise<void> {
    const folder = await this.#folder(requestId)
    await writeFile(join(folder, 'request.json'), JSON.stringify(request), {mode: 0o600})
  }

  /** Empty when the request needed nothing beside its rows. */
  async read(requestId: string): Promise<SpooledRequest> {
    try {
      return JSON.parse(await readFile(join(this.#root, requestId, 'request.json'), 'utf8'))
    } catch (error) {
      if (isMissing(error)) return {environment: {}}
      throw error
    }
  }

  /** Keeps a standard input for the first attempt and the later ones. Throws `usage` past 1 GiB. Resolves to its size. */
  async writeStdin(requestId: string, input: Readable): Promise<number> {
    const path = join(await this.#folder(requestId), 'stdin')
    let bytes = 0
    const cap = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length
        done(
          bytes > STDIN_CAP_BYTES
            ? new HelixError('usage', 'standard input is larger than 1 GiB', {code: 'STDIN_TOO_LARGE', hint: 'Send it as a file with --upload.'})
            : null,
          chunk,
        )
      },
    })
    await pipeline(input, cap, createWriteStream(path, {mode: 0o600}))
    return bytes
  }

  /** The spooled standard input, or undefined when the request has none. */
  async stdinPath(requestId: string): Promise<string | undefined> {
    const path = join(this.#root, requestId, 'stdin')
    try {
      await stat(path)
      return path
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async remove(requestId: string): Promise<void> {
    await rm(join(this.#root, requestId), {recursive: true, force: true})
  }

  async #folder(requestId: string): Promise<string> {
    const folder = join(this.#root, requestId)
    await mkdir(folder, {recursive: true, mode: 0o700})
    return folder
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
