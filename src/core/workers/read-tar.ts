import {HelixError} from '../errors/helix-error.js'
import {BLOCK, padding, readHeader, type TarEntry} from './tar-header.js'

/** An entry as an archive has it; `content` is to be read before the next entry is asked for. */
export interface TarItem extends Omit<TarEntry, 'type'> {
  /** `hardlink`: the same file as an earlier entry, whose name is `target`; `other`: a device, a pipe or the like. */
  type: TarEntry['type'] | 'hardlink' | 'other'
  content: AsyncIterable<Buffer>
}

const TYPES: Record<string, TarItem['type']> = {'\0': 'file', '0': 'file', '7': 'file', '1': 'hardlink', '2': 'link', '5': 'folder'}
// Longer than any path that a system takes.
const LONGEST_EXTENSION = 1024 * 1024

/** What stands before an entry because its header has no room for it. */
interface Extension {
  name?: Buffer
  target?: Buffer
  size?: number
}

/** Reads an archive of GNU, BSD or busybox tar. Throws (kind `unavailable`) for one that is cut off or is none. */
export async function* readTar(source: AsyncIterator<Buffer>): AsyncGenerator<TarItem> {
  const input = new ByteReader(source)
  let extension: Extension = {}
  for (;;) {
    const raw = readHeader(await input.take(BLOCK))
    if (raw === undefined) return
    if ('LKxg'.includes(raw.flag)) {
      if (raw.size > LONGEST_EXTENSION) throw cutError()
      const text = await input.take(raw.size)
      await input.take(padding(raw.size).length)
      extension = {...extension, ...readExtension(raw.flag, text)}
      continue
    }
    const type = TYPES[raw.flag] ?? 'other'
    const size = type === 'file' || type === 'other' ? (extension.size ?? raw.size) : 0
    const content = input.chunks(size)
    yield {name: raw.name, type, mode: raw.mode, mtime: raw.mtime, target: raw.target, ...extension, size, content}
    for await (const _ of content) void _
    await input.take(padding(size).length)
    extension = {}
  }
}

function readExtension(flag: string, text: Buffer): Extension {
  if (flag === 'L') return {name: untilNul(text)}
  if (flag === 'K') return {target: untilNul(text)}
  return flag === 'x' ? readPax(text) : {}
}

// Records of the form `LENGTH KEY=VALUE\n`, where the length counts all of the record; POSIX, pax Extended Header.
function readPax(text: Buffer): Extension {
  const found: Extension = {}
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(' ', at)
    const length = Number(text.toString('latin1', at, space))
    if (space < 0 || !(length > 0)) throw cutError()
    const equals = text.indexOf('=', space)
    const key = text.toString('latin1', space + 1, equals)
    const value = text.subarray(equals + 1, at + length - 1)
    if (key.startsWith('GNU.sparse'))
      throw new HelixError('unavailable', "the worker's tar sends sparse files in a form that Helix does not read", {code: 'COPY_FAILED'})
    if (key === 'path') found.name = value
    else if (key === 'linkpath') found.target = value
    else if (key === 'size') found.size = Number(value)
    at += length
  }
  return found
}

function untilNul(text: Buffer): Buffer {
  const end = text.indexOf(0)
  return end < 0 ? text : text.subarray(0, end)
}

function cutError(): HelixError {
  return new HelixError('unavailable', 'the copy from the worker broke off', {code: 'COPY_FAILED'})
}

class ByteReader {
  readonly #source: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterator<Buffer>) {
    this.#source = source
  }

  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for await (const part of this.chunks(length)) parts.push(part)
    return Buffer.concat(parts)
  }

  /** The next bytes, as they come. Going through it a second time gives what is left of them. */
  chunks(length: number): AsyncIterable<Buffer> {
    let left = length
    const next = async (): Promise<IteratorResult<Buffer>> => {
      if (left === 0) return {done: true, value: undefined}
      while (this.#rest.length === 0) {
        const {value, done} = await this.#source.next()
        if (done) throw cutError()
        this.#rest = value
      }
      const part = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(part.length)
      left -= part.length
      return {done: false, value: part}
    }
    return {[Symbol.asyncIterator]: () => ({next})}
  }
}
