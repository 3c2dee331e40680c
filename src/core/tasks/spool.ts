import {createReadStream, createWriteStream, existsSync, mkdirSync, writeFileSync} from 'node:fs'
import {readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Readable} from 'node:stream'
import {Transform} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {setTimeout as delay} from 'node:timers/promises'
import {explainStoreError} from '../data/store.js'
import {errorCode, HelixError} from '../errors/helix-error.js'

/** The most that is kept of a standard input. */
const STDIN_CAP_BYTES = 1024 ** 3
const GROWTH_POLL_MS = 50

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
  readonly #growing = new Set<string>()

  constructor(dataDir: string) {
    this.#root = join(dataDir, 'spool')
  }

  async write(requestId: string, request: SpooledRequest): Promise<void> {
    try {
      await writeFile(join(this.#folder(requestId), 'request.json'), JSON.stringify(request), {mode: 0o600})
    } catch (error) {
      await this.remove(requestId)
      throw explainStoreError(error)
    }
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

  /**
   * Keeps a standard input for all attempts of a task, as it comes. Resolves when it is whole.
   * Rejects with kind `usage` past 1 GiB.
   */
  async writeStdin(requestId: string, input: Readable): Promise<void> {
    const path = join(this.#root, requestId, 'stdin')
    this.#growing.add(requestId)
    try {
      // There at once, before anything is waited for: the task may be started while the input is still coming.
      this.#folder(requestId)
      writeFileSync(path, '', {mode: 0o600})
      await pipeline(input, capBytes(STDIN_CAP_BYTES), createWriteStream(path, {flags: 'a'}))
      await writeFile(`${path}.eof`, '', {mode: 0o600})
    } catch (error) {
      throw explainStoreError(error)
    } finally {
      this.#growing.delete(requestId)
    }
  }

  /** A request's standard input. Throws `unavailable` when the process that was writing it is gone before its end. */
  stdin(requestId: string): {path: string; growing: boolean} {
    const path = join(this.#root, requestId, 'stdin')
    if (existsSync(`${path}.eof`)) return {path, growing: false}
    if (this.#growing.has(requestId)) return {path, growing: true}
    throw new HelixError('unavailable', 'the standard input of the task was cut off when the command that was sending it ended', {code: 'STDIN_CUT_OFF'})
  }

  /** Reads a standard input from an offset on, waiting for more while it grows. */
  async *readStdin(requestId: string, offset: number): AsyncGenerator<Buffer> {
    let at = offset
    for (;;) {
      const {path, growing} = this.stdin(requestId)
      for await (const chunk of createReadStream(path, {start: at}) as AsyncIterable<Buffer>) {
        at += chunk.length
        yield chunk
      }
      if (!growing) return
      await delay(GROWTH_POLL_MS)
    }
  }

  async remove(requestId: string): Promise<void> {
    await rm(join(this.#root, requestId), {recursive: true, force: true})
  }

  #folder(requestId: string): string {
    const folder = join(this.#root, requestId)
    mkdirSync(folder, {recursive: true, mode: 0o700})
    return folder
  }
}

function capBytes(most: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      done(
        bytes > most
          ? new HelixError('usage', 'standard input is larger than 1 GiB', {code: 'STDIN_TOO_LARGE', hint: 'Bring it to the worker as a file.'})
          : null,
        chunk,
      )
    },
  })
}

function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}
