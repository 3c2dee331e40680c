import {randomUUID} from 'node:crypto'
import {mkdir, rm, stat} from 'node:fs/promises'
import {dirname, join, posix, resolve} from 'node:path'
import {pipeline} from 'node:stream/promises'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {fileError} from '../ssh/file-error.js'
import {afterMarker, collectEnd, readFirstLine, startScript} from './marked-output.js'
import {packTree, walkTree} from './pack-tree.js'
import type {Transport} from './transport.js'
import {mergeTree, unpackTree} from './unpack-tree.js'

/** Options of a copy of files or folders. */
export interface CopyTreeOptions {
  /** Called with the bytes copied so far and the bytes in all. */
  onProgress?: (done: number, total: number) => void
  /** Names the copy of a file to the worker, so that one of the same name that was cut off before is cleared away. */
  copyName?: string
}

const NO_TAR = 'command -v tar >/dev/null || exit 107;'

// Everything arrives in a folder beside the target first. The archive is whole when its last file is there: a cut link ends tar without an error.
const UNPACK = `
${NO_TAR}
merge() {
  for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$f" ] || [ -L "$f" ] || continue
    t="$2/\${f##*/}"
    if [ -d "$t" ] && [ -d "$f" ] && [ ! -L "$f" ]; then (merge "$f" "$t") || return 1; continue; fi
    if [ -d "$t" ] && [ -L "$t" ]; then rm -f "$t" || return 1; fi
    if [ -d "$t" ]; then echo "$t is a folder" >&2; return 1; fi
    mv -f "$f" "$t" || return 1
  done
}
umask 077
if [ -e "$1" ] && [ ! -d "$1" ]; then echo "it is not a folder" >&2; exit 105; fi
s="$1.$2.part"
{ mkdir -p "$3" && mkdir "$s"; } || exit 105
if tar -xpof - -C "$s" && [ -f "$s/end" ] && if [ -d "$1" ]; then merge "$s/tree" "$1"; else mv "$s/tree" "$1"; fi
then rm -rf "$s"; exit 0
fi
rm -rf "$s"; exit 105
`

const MAKE_PARENT = 'umask 077; mkdir -p "$1" || exit 105'

// Sizes are for showing progress only. BSD's tar would send files with holes in a form of its own, and macOS's attributes as files.
const PACK = `
[ -e "$1" ] || exit 103
[ -r "$1" ] || exit 104
if [ ! -d "$1" ]; then printf "%s" "$2"; echo file; exit 0; fi
${NO_TAR}
n=$(find "$1"/. -type f -exec ls -ln {} + 2>/dev/null | awk "/^-/ {s += \\$5} END {printf \\"%.0f\\", s}" 2>/dev/null)
printf "%s" "$2"; echo folder "\${n:-0}"
export COPYFILE_DISABLE=1
case $(tar --version 2>/dev/null) in
  bsdtar*) exec tar --format=gnutar -cf - -C "$1" . ;;
  *) exec tar -cf - -C "$1" . ;;
esac
`

/**
 * Copies a local file, or a folder with all that is in it, to the worker, where `workerPath` is its new name; folders on the way are made.
 * A file appears whole or not at all; a folder that is there already keeps what else is in it, and nothing of it changes before everything has arrived.
 * Modes are kept. Throws `usage` for what cannot be copied, such as a symbolic link that leads out of the folder, before anything is sent.
 */
export async function copyUp(transport: Transport, localPath: string, workerPath: string, options: CopyTreeOptions = {}): Promise<void> {
  const target = withoutSlash(workerPath)
  const stats = await stat(localPath).catch((error: unknown) => {
    throw new HelixError('usage', `cannot read ${localPath}: ${messageOf(error)}`, {code: 'LOCAL_FILE_UNREADABLE', cause: error})
  })
  if (stats.isDirectory()) return uploadTree(transport, localPath, target, options)
  const {child} = await startScript((command) => transport.exec(command), MAKE_PARENT, posix.dirname(target))
  child.stdin.end()
  child.stdout.resume()
  const said = collectEnd(child.stderr)
  const {code} = await child.exit
  if (code !== 0) throw toError(code, target, await said)
  await transport.upload(localPath, target, options)
}

/**
 * Copies a file or a folder from the worker; `localPath` is its new name, and folders on the way are made. Nothing appears before everything has arrived.
 * The worker is not trusted: a name or a link that would lead out of `localPath` ends the copy (kind `denied`), and nothing is written through a symbolic link that is there.
 */
export async function copyDown(transport: Transport, workerPath: string, localPath: string, options: CopyTreeOptions = {}): Promise<void> {
  const source = withoutSlash(workerPath)
  const target = resolve(localPath)
  const {child, marker} = await startScript((command) => transport.exec(command), PACK, source)
  child.stdin.end()
  const said = collectEnd(child.stderr)
  const staging = `${target}.${randomUUID()}.part`
  const received = receive(afterMarker(child.stdout, marker), staging, options).catch((error: unknown) => {
    child.stdout.destroy()
    throw error
  })
  try {
    // Both have to be over before anything is cleaned up.
    const [exit, kind] = await Promise.allSettled([child.exit, received])
    if (exit.status === 'rejected') throw exit.reason
    // A refusal ends the worker's tar, which then fails for that.
    if (kind.status === 'rejected' && HelixError.is(kind.reason) && kind.reason.kind !== 'unavailable') throw kind.reason
    if (exit.value.code !== 0) throw toError(exit.value.code, source, await said)
    if (kind.status === 'rejected') throw kind.reason
    if (kind.value === 'folder') await mergeTree(join(staging, 'tree'), target)
  } catch (error) {
    throw HelixError.is(error) ? error : localError(localPath, error)
  } finally {
    await rm(staging, {recursive: true, force: true})
  }
  if ((await received) === 'file') await downloadFile(transport, source, target, options)
}

async function uploadTree(transport: Transport, localPath: string, target: string, {onProgress}: CopyTreeOptions): Promise<void> {
  const tree = await walkTree(localPath)
  const {child} = await startScript((command) => transport.exec(command), UNPACK, target, posix.dirname(target))
  child.stdout.resume()
  const said = collectEnd(child.stderr)
  let done = 0
  const content = packTree(tree, 'tree', 'end', (count) => {
    done += count
    onProgress?.(done, tree.size)
  })
  const sent = await pipeline(content, child.stdin).then(
    () => undefined,
    (error: unknown) => error,
  )
  const {code} = await child.exit
  // What was wrong here says more than that the worker got only a part.
  if (HelixError.is(sent) && sent.kind !== 'unavailable') throw sent
  if (code !== 0) throw HelixError.is(sent) ? sent : toError(code, target, await said)
  if (tree.size === 0) onProgress?.(0, 0)
}

async function receive(output: AsyncGenerator<Buffer>, staging: string, {onProgress}: CopyTreeOptions): Promise<'file' | 'folder'> {
  const {words, rest} = await readFirstLine(output)
  const drain = async () => {
    for await (const _ of rest) void _
  }
  if (words[0] !== 'folder') {
    await drain()
    return 'file'
  }
  const announced = Number(words[1])
  let done = 0
  await mkdir(join(staging, 'tree'), {recursive: true})
  await unpackTree(rest, join(staging, 'tree'), (count) => {
    done += count
    onProgress?.(done, Math.max(done, announced))
  })
  // tar fills up its last record.
  await drain()
  onProgress?.(done, done)
  return 'folder'
}

async function downloadFile(transport: Transport, source: string, target: string, options: CopyTreeOptions): Promise<void> {
  const there = await stat(target).catch(() => undefined)
  if (there?.isDirectory()) throw new HelixError('usage', `${target} is a folder here`, {code: 'COPY_REFUSED'})
  await mkdir(dirname(target), {recursive: true}).catch((error: unknown) => {
    throw localError(target, error)
  })
  await transport.download(source, target, options)
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/u, '') : path
}

function localError(path: string, error: unknown): HelixError {
  return new HelixError('usage', `cannot write ${path}: ${messageOf(error)}`, {code: 'LOCAL_FILE_UNWRITABLE', cause: error})
}

function toError(code: number | null, path: string, said: string): HelixError {
  if (code === 103) return fileError('missing', path, undefined)
  if (code === 104) return fileError('denied', path, undefined)
  if (code === 107)
    return new HelixError('unavailable', 'a folder is copied with tar, which the worker has not', {code: 'TAR_MISSING', hint: 'Install tar on the worker'})
  return fileError('failed', path, new Error(said.split('\n').at(-1) || `the copy ended with exit code ${code}`))
}
