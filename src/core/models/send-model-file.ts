import {createHash} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {open} from 'node:fs/promises'
import {homedir} from 'node:os'
import {basename, join, resolve} from 'node:path'
import {text} from 'node:stream/consumers'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {fileError} from '../ssh/file-error.js'
import {checkAborted, untilAborted} from '../until-aborted.js'
import {afterMarker, collectEnd, startScript} from '../workers/marked-output.js'
import type {Transport} from '../workers/transport.js'
import type {PlacedModel} from './model-store.js'

/** The first bytes of a GGUF file. */
const MAGIC = 'GGUF'
const PART = /-\d{5}-of-(\d{5})\.gguf$/i

// Prints the folder for models and the SHA-256 sum of `$1` in it, if it is there with `$3` bytes; nothing for the sum where no program makes one.
const LOOK = `
umask 077
d="\${XDG_DATA_HOME:-$HOME/.local/share}/helix/models"
mkdir -p "$d" || exit 105
sum() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"
  elif command -v shasum >/dev/null; then shasum -a 256 <"$1"
  elif command -v openssl >/dev/null; then openssl dgst -sha256 -r <"$1"
  else echo none
  fi
}
f="$d/\${1#./}"
printf "%s%s\\n" "$2" "$d"
if [ -f "$f" ] && [ "$(wc -c <"$f")" -eq "$3" ]; then sum "$f"; fi
`
// Puts what has come, under the name `$4`, in the place of `$1` when its sum is `$5`.
const PLACE = `${LOOK}
n="$d/\${4#./}"
case $(sum "$n") in "$5"*|none*) mv -f "$n" "$f" || exit 105;; *) rm -f "$n"; exit 106;; esac
`

/** A model in one GGUF file of this machine. */
export interface ModelFile {
  path: string
  name: string
  bytes: number
  sha256: string
}

/** The path of a local GGUF file that a model's name means; undefined for a name of the kind `provider/model`. */
export function modelFilePath(name: string): string | undefined {
  const path = name.replace(/^llamacpp\//, '')
  if (!/\.gguf$/i.test(path) || (path === name && !/^(\.{0,2}|~)\/|^[^/]+$/.test(path))) return undefined
  return resolve(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path)
}

/** Reads a model's file through once. Throws `usage` where there is none, or it is not a whole GGUF file. */
export async function readModelFile(path: string, signal: AbortSignal): Promise<ModelFile> {
  const refuse = (message: string, hint?: string, cause?: unknown) =>
    new HelixError('usage', `${path} ${message}`, {code: 'MODEL_INVALID', cause, ...(hint !== undefined && {hint})})
  const parts = Number(PART.exec(path)?.[1] ?? 1)
  if (parts > 1) throw refuse(`is one of ${parts} parts of a model`, 'Make one file of them first: llama-gguf-split --merge FIRST-PART OUTPUT')
  try {
    const file = await open(path)
    const {buffer} = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0).finally(() => file.close())
    if (buffer.toString('latin1') !== MAGIC) throw refuse('is no GGUF file')
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of createReadStream(path, {highWaterMark: 1024 * 1024})) {
      checkAborted(signal)
      hash.update(chunk)
      bytes += chunk.length
    }
    return {path, name: basename(path), bytes, sha256: hash.digest('hex')}
  } catch (error) {
    if (HelixError.is(error)) throw error
    throw refuse(`cannot be read: ${messageOf(error)}`, undefined, error)
  }
}

/** Copies a model's file into the worker's folder for models, unless it is there already; it appears whole and as it is here, or not at all. */
export async function sendModelFile(
  transport: Transport,
  file: ModelFile,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<PlacedModel> {
  // The copy itself ends with its connection.
  const path = await untilAborted(signal, send(transport, file, onProgress))
  return {provider: 'llamacpp', name: path, sizeBytes: file.bytes, digest: `sha256:${file.sha256}`}
}

async function send(transport: Transport, {path, name, bytes, sha256}: ModelFile, onProgress: (done: number, total: number) => void): Promise<string> {
  const [folder = '', found = ''] = await ask(transport, LOOK, name, String(bytes))
  const target = `${folder}/${name}`
  if (found.startsWith(sha256)) return target
  const arriving = `.${sha256.slice(0, 16)}.arriving`
  await transport.upload(path, `${folder}/${arriving}`, {mode: 0o600, onProgress, copyName: sha256.slice(0, 16)})
  await ask(transport, PLACE, name, String(bytes), arriving, sha256)
  return target
}

async function ask(transport: Transport, script: string, name: string, ...words: string[]): Promise<string[]> {
  const {child, marker} = await startScript((command) => transport.exec(command), script, name, ...words)
  child.stdin.end()
  const [printed, said, {code}] = await Promise.all([text(afterMarker(child.stdout, marker)), collectEnd(child.stderr), child.exit])
  if (code === 0) return printed.split('\n')
  if (code === 106) throw new HelixError('unavailable', `${name} did not arrive as it was sent`, {code: 'MODEL_DAMAGED', hint: 'Try again.'})
  throw fileError('failed', name, new Error(said.split('\n').at(-1) || `the copy ended with exit code ${code}`))
}
