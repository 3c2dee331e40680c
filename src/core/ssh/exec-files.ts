import {randomUUID} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {HelixError} from '../errors/helix-error.js'
import type {CopyOptions, Transport, WorkerProcess} from '../workers/transport.js'
import {fileError} from './file-error.js'
import {openLocalFile, writeLocalFile} from './local-file.js'
import {quoteArgument} from './quote-argument.js'
import type {WorkerFiles} from './worker-files.js'

// The scripts run under any sh, busybox too. Each says $2, a random word, before its output: what a noisy profile printed stands before it.
const CHECK = '[ -e "$1" ] || exit 103; { [ -f "$1" ] && [ -r "$1" ]; } || exit 104;'
const READ_RANGE = `${CHECK} printf "%s" "$2"; tail -c "+$3" "$1" | head -c "$4"`
const DOWNLOAD = `${CHECK} m=644; if [ -x "$1" ]; then m=755; fi; printf "%s" "$2"; echo $(wc -c <"$1") $m; cat "$1"`
// mv would move into a folder of that name.
const UPLOAD =
  'if [ -d "$1" ]; then exit 104; fi; umask 077; t="$1.$2.part"; ' +
  'if cat >"$t" && [ "$(wc -c <"$t")" -eq "$3" ] && chmod "$4" "$t" && mv -f "$t" "$1"; then exit 0; else rm -f "$t"; exit 105; fi'

/** The files of a worker whose sshd has no SFTP: through cat, tail and head. */
export class ExecFiles implements WorkerFiles {
  readonly #exec: Transport['exec']

  constructor(exec: Transport['exec']) {
    this.#exec = exec
  }

  async readRange(path: string, offset: number, length: number): Promise<Buffer> {
    const chunks: Buffer[] = []
    await this.#read(READ_RANGE, path, [String(offset + 1), String(length)], async (output) => {
      for await (const chunk of output) chunks.push(chunk)
    })
    return Buffer.concat(chunks)
  }

  async upload(localPath: string, workerPath: string, options: CopyOptions = {}): Promise<void> {
    const local = await openLocalFile(localPath)
    await local.handle.close()
    const mode = (options.mode ?? local.mode).toString(8)
    const child = await this.#start(UPLOAD, workerPath, randomUUID(), String(local.size), mode)
    const said = collectEnd(child.stderr)
    child.stdout.resume()
    // Not more than the size that was announced, should the file grow meanwhile.
    const content = local.size === 0 ? Readable.from([]) : createReadStream(localPath, {end: local.size - 1})
    const sent = pipeline(countBytes(content, local.size, options.onProgress), child.stdin).catch((error: unknown) => error)
    const {code} = await child.exit
    if (code !== 0) throw toError(code, workerPath, await said, await sent)
  }

  async download(workerPath: string, localPath: string, options: CopyOptions = {}): Promise<void> {
    await this.#read(DOWNLOAD, workerPath, [], async (output) => {
      const {size, mode, rest} = await readHeader(output)
      await writeLocalFile(localPath, options.mode, mode, async (handle) => {
        let done = 0
        for await (const chunk of countBytes(prepend(rest, output), size, options.onProgress)) {
          await handle.write(chunk)
          done += chunk.length
        }
        if (done !== size) throw new HelixError('unavailable', `${workerPath} changed while it was copied`, {code: 'FILE_CHANGED'})
      })
    })
  }

  async #read(script: string, path: string, args: string[], consume: (output: AsyncGenerator<Buffer>) => Promise<void>): Promise<void> {
    const marker = randomUUID()
    const child = await this.#start(script, path, marker, ...args)
    child.stdin.end()
    const said = collectEnd(child.stderr)
    const consumed = consume(afterMarker(child.stdout, marker)).catch((error: unknown) => {
      child.stdout.destroy()
      throw error
    })
    // Both have to be over: who consumes cleans up after itself.
    const [exit, copy] = await Promise.allSettled([child.exit, consumed])
    if (exit.status === 'rejected') throw exit.reason
    if (exit.value.code !== 0) throw toError(exit.value.code, path, await said)
    if (copy.status === 'rejected') throw copy.reason
  }

  #start(script: string, path: string, ...args: string[]): Promise<WorkerProcess> {
    // A leading dash would make the path an option.
    const words = [path.startsWith('-') ? `./${path}` : path, ...args].map(quoteArgument)
    return this.#exec(`exec sh -c '${script}' sh ${words.join(' ')}`)
  }
}

async function* afterMarker(stream: Readable, marker: string): AsyncGenerator<Buffer> {
  let before: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (before === undefined) {
      yield chunk
      continue
    }
    before = Buffer.concat([before, chunk])
    const at = before.indexOf(marker)
    if (at < 0) {
      // Only a beginning of the marker at the very end can still matter.
      before = before.subarray(Math.max(0, before.length - marker.length))
      continue
    }
    yield before.subarray(at + marker.length)
    before = undefined
  }
}

async function readHeader(output: AsyncGenerator<Buffer>): Promise<{size: number; mode: number; rest: Buffer}> {
  let text = Buffer.alloc(0)
  for (let end = -1; end < 0; end = text.indexOf('\n')) {
    const {value, done} = await output.next()
    if (done) throw new HelixError('unavailable', 'the worker ended the copy before it began', {code: 'FILE_FAILED'})
    text = Buffer.concat([text, value])
  }
  const end = text.indexOf('\n')
  const [size = '', mode = ''] = text.toString('latin1', 0, end).split(' ')
  return {size: Number(size), mode: Number.parseInt(mode, 8), rest: text.subarray(end + 1)}
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

async function* countBytes(source: AsyncIterable<Buffer>, total: number, onProgress: CopyOptions['onProgress']): AsyncGenerator<Buffer> {
  let done = 0
  for await (const chunk of source) {
    yield chunk
    done += chunk.length
    if (chunk.length > 0) onProgress?.(done, total)
  }
}

// The last words are the ones that say what went wrong.
async function collectEnd(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) text = (text + String(chunk)).slice(-500)
  return text.trim()
}

function toError(code: number | null, path: string, said: string, cause?: unknown): HelixError {
  if (code === 103) return fileError('missing', path, cause)
  if (code === 104) return fileError('denied', path, cause)
  return fileError('failed', path, cause instanceof HelixError ? cause : new Error(said.split('\n').at(-1) || `the copy ended with exit code ${code}`))
}
