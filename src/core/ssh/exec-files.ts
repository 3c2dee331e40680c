import {createReadStream} from 'node:fs'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {HelixError} from '../errors/helix-error.js'
import {afterMarker, collectEnd, readFirstLine, startScript} from '../workers/marked-output.js'
import type {CopyOptions, Transport} from '../workers/transport.js'
import {fileError} from './file-error.js'
import {openLocalFile, writeLocalFile} from './local-file.js'
import type {FileStat, WorkerFiles} from './worker-files.js'

// The scripts run under any sh, busybox too. Each says $2, a random word, before its output: what a noisy profile printed stands before it.
const CHECK = '[ -e "$1" ] || exit 103; { [ -f "$1" ] && [ -r "$1" ]; } || exit 104;'
const READ_RANGE = `${CHECK} printf "%s" "$2"; tail -c "+$3" "$1" | head -c "$4"`
const STAT = `${CHECK} m=644; if [ -x "$1" ]; then m=755; fi; printf "%s" "$2"; echo $(wc -c <"$1") $m`
const DOWNLOAD = `${STAT}; cat "$1"`
/** Writes its input to `$1` when it has `$3` bytes, with the mode `$4`. mv would move into a folder of that name. */
export const UPLOAD =
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

  async stat(path: string): Promise<FileStat> {
    let stat = {size: 0, mode: 0}
    await this.#read(STAT, path, [], async (output) => {
      const {words, rest} = await readFirstLine(output)
      for await (const _ of rest) void _
      stat = {size: Number(words[0]), mode: Number.parseInt(words[1] ?? '', 8)}
    })
    return stat
  }

  async upload(localPath: string, workerPath: string, options: CopyOptions = {}): Promise<void> {
    const local = await openLocalFile(localPath)
    await local.handle.close()
    const mode = (options.mode ?? local.mode).toString(8)
    const {child} = await startScript(this.#exec, UPLOAD, workerPath, String(local.size), mode)
    const said = collectEnd(child.stderr)
    child.stdout.resume()
    // Not more than the size that was announced, should the file grow meanwhile.
    const content = local.size === 0 ? Readable.from([]) : createReadStream(localPath, {end: local.size - 1})
    const sent = pipeline(countBytes(content, local.size, options.onProgress), child.stdin).catch((error: unknown) => error)
    const {code} = await child.exit
    if (code !== 0) throw copyError(code, workerPath, await said, await sent)
  }

  async download(workerPath: string, localPath: string, options: CopyOptions = {}): Promise<void> {
    await this.#read(DOWNLOAD, workerPath, [], async (output) => {
      const {words, rest} = await readFirstLine(output)
      const size = Number(words[0])
      await writeLocalFile(localPath, options.mode, Number.parseInt(words[1] ?? '', 8), async (handle) => {
        let done = 0
        for await (const chunk of countBytes(rest, size, options.onProgress)) {
          // All of it: a disk that fills up takes a part without a word.
          await handle.writeFile(chunk)
          done += chunk.length
        }
        if (done !== size) throw new HelixError('unavailable', `${workerPath} changed while it was copied`, {code: 'FILE_CHANGED'})
        return true
      })
    })
  }

  async #read(script: string, path: string, args: string[], consume: (output: AsyncGenerator<Buffer>) => Promise<void>): Promise<void> {
    const {child, marker} = await startScript(this.#exec, script, path, ...args)
    child.stdin.end()
    const said = collectEnd(child.stderr)
    const consumed = consume(afterMarker(child.stdout, marker)).catch((error: unknown) => {
      child.stdout.destroy()
      throw error
    })
    // Both have to be over: who consumes cleans up after itself.
    const [exit, copy] = await Promise.allSettled([child.exit, consumed])
    if (exit.status === 'rejected') throw exit.reason
    if (exit.value.code !== 0) throw copyError(exit.value.code, path, await said)
    if (copy.status === 'rejected') throw copy.reason
  }
}

async function* countBytes(source: AsyncIterable<Buffer>, total: number, onProgress: CopyOptions['onProgress']): AsyncGenerator<Buffer> {
  let done = 0
  for await (const chunk of source) {
    yield chunk
    done += chunk.length
    if (chunk.length > 0) onProgress?.(done, total)
  }
}

/** The error for the exit code of a copying script. */
export function copyError(code: number | null, path: string, said: string, cause?: unknown): HelixError {
  if (code === 103) return fileError('missing', path, cause)
  if (code === 104) return fileError('denied', path, cause)
  return fileError('failed', path, cause instanceof HelixError ? cause : new Error(said.split('\n').at(-1) || `the copy ended with exit code ${code}`))
}
