import {createHash} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {cksumOf} from './cksum.js'
import type {Sums} from './worker-state.js'

/** A file as it is to be on a worker. */
export interface ParcelFile {
  /** Relative to the folder that the parcel is unpacked in; letters, digits, dots, dashes, underscores and slashes only. */
  path: string
  size: number
  isProgram: boolean
  sha256: string
  /** What POSIX cksum says of it, for workers that have no SHA-256. */
  cksum: string
}

/**
 * Files that go to a worker as one: each after the other, compressed. `head` and `tail` take that apart, which every worker has;
 * not every one has a tar.
 */
export interface Parcel {
  files: ParcelFile[]
  /** Bytes of all files. */
  size: number
  /** The content, compressed by gzip, on this machine. */
  packed: string
}

/** Describes one file of a parcel. */
export function describeFile(path: string, content: Buffer, isProgram: boolean): ParcelFile {
  return {path, size: content.length, isProgram, sha256: sha256Of(content), cksum: cksumOf(content)}
}

/** Lines for the script that unpacks a parcel: size, mode, checksum and path of each file. */
export function manifestOf(parcel: Parcel, sums: Sums): string {
  return parcel.files.map((file) => `${file.size} ${file.isProgram ? 700 : 600} ${sumOf(file, sums)} ${file.path}\n`).join('')
}

/** SHA-256 in hexadecimal. */
export function sha256Of(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** A digest of a file that need not fit into memory. */
export async function digestFile(path: string, algorithm: 'sha256' | 'sha512', encoding: 'hex' | 'base64'): Promise<string> {
  const hash = createHash(algorithm)
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest(encoding)
}

function sumOf({sha256, cksum}: ParcelFile, sums: Sums): string {
  if (sums === 'sizes') return '-'
  return sums === 'cksum' ? cksum : sha256
}
