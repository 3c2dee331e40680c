import {HelixError} from '../errors/helix-error.js'

/** tar deals in blocks of this many bytes. */
export const BLOCK = 512

/** What an entry of a tar archive is, as its type flag tells. */
type TarType = 'file' | 'folder' | 'link'

/** An entry of a tar archive without its content. Names are bytes, since a file's name may be any. */
export interface TarEntry {
  name: Buffer
  type: TarType
  /** Permission bits. */
  mode: number
  size: number
  /** Seconds since 1970. */
  mtime: number
  /** What a symbolic link points to. */
  target?: Buffer
}

const FLAGS: Record<TarType, string> = {file: '0', folder: '5', link: '2'}
const LONGEST_NAME = 100
const LARGEST_OCTAL = 0o77777777777

/** Writes an entry's header in GNU's format, which GNU, BSD and busybox tar read; names longer than its field come before it, as entries of their own. */
export function writeHeader({name, type, mode, size, mtime, target = Buffer.alloc(0)}: TarEntry): Buffer {
  const blocks: Buffer[] = []
  for (const [flag, text] of [
    ['K', target],
    ['L', name],
  ] as const) {
    if (text.length > LONGEST_NAME) blocks.push(longName(flag, text))
  }
  blocks.push(header(name, FLAGS[type], {mode, size, mtime, target}))
  return Buffer.concat(blocks)
}

/** The bytes that fill up the last block of a content. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
}

/** The fields of a header block, as far as they matter here. */
export interface RawHeader {
  name: Buffer
  flag: string
  mode: number
  size: number
  mtime: number
  target: Buffer
}

/** Reads a header block; undefined for the empty one that ends an archive. Throws (kind `unavailable`) for what is no header. */
export function readHeader(block: Buffer): RawHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  if (readNumber(block, 148, 8) !== checksum(block))
    throw new HelixError('unavailable', 'the worker sent something that is not a tar archive', {code: 'COPY_FAILED'})
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? readText(block, 345, 155) : Buffer.alloc(0)
  const name = readText(block, 0, LONGEST_NAME)
  return {
    name: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name,
    flag: String.fromCharCode(block[156] ?? 0),
    mode: readNumber(block, 100, 8) & 0o777,
    size: readNumber(block, 124, 12),
    mtime: readNumber(block, 136, 12),
    target: readText(block, 157, LONGEST_NAME),
  }
}

function longName(flag: string, text: Buffer): Buffer {
  const content = Buffer.concat([text, Buffer.alloc(1)])
  return Buffer.concat([
    header(Buffer.from('././@LongLink'), flag, {mode: 0, size: content.length, mtime: 0, target: Buffer.alloc(0)}),
    content,
    padding(content.length),
  ])
}

function header(name: Buffer, flag: string, {mode, size, mtime, target}: Pick<RawHeader, 'mode' | 'size' | 'mtime' | 'target'>): Buffer {
  const block = Buffer.alloc(BLOCK)
  name.copy(block, 0, 0, LONGEST_NAME)
  writeNumber(block, 100, 8, mode)
  writeNumber(block, 108, 8, 0)
  writeNumber(block, 116, 8, 0)
  writeNumber(block, 124, 12, size)
  writeNumber(block, 136, 12, Math.max(0, Math.floor(mtime)))
  block.write(flag, 156, 'latin1')
  target.copy(block, 157, 0, LONGEST_NAME)
  block.write('ustar  \0', 257, 'latin1')
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

// The checksum's own field counts as eight spaces.
function checksum(block: Buffer): number {
  let sum = 8 * 0x20
  for (const [index, byte] of block.entries()) if (index < 148 || index >= 156) sum += byte
  return sum
}

// Octal digits; a number that has too many of them is written in base 256 with the first bit set.
function writeNumber(block: Buffer, at: number, length: number, value: number): void {
  if (value <= LARGEST_OCTAL) {
    block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1')
    return
  }
  block[at] = 0x80
  block.writeBigUInt64BE(BigInt(value), at + length - 8)
}

function readNumber(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) return Number(block.readBigUInt64BE(at + length - 8))
  const digits = /^[ \0]*([0-7]*)/u.exec(block.toString('latin1', at, at + length))?.[1]
  return Number.parseInt(digits || '0', 8)
}

function readText(block: Buffer, at: number, length: number): Buffer {
  const field = block.subarray(at, at + length)
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? length : end)
}
