import type {FileHandle} from 'node:fs/promises'

const FIRST_READ = 1024 * 1024
/** Bytes; the header of the largest vocabularies is a tenth of this. */
const LARGEST_HEADER = 256 * 1024 * 1024
/** More metadata or tensors than any model has. */
const MOST_ENTRIES = 1_000_000
const DEFAULT_ALIGNMENT = 32

/** Bytes of a value of each type of metadata, by its number; strings (8) and lists (9) say their own length. */
const SIZES = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8]
const STRING = 8
const LIST = 9

/**
 * Weights and bytes of a block of each type of tensor, by its number. A type that is not here counts as empty.
 * Source: GGML_QUANT_SIZES in https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/constants.py
 */
const BLOCKS: Record<number, [weights: number, bytes: number]> = {
  ...{0: [1, 4], 1: [1, 2], 24: [1, 1], 25: [1, 2], 26: [1, 4], 27: [1, 8], 28: [1, 8], 30: [1, 2]},
  ...{2: [32, 18], 3: [32, 20], 6: [32, 22], 7: [32, 24], 8: [32, 34], 20: [32, 18], 39: [32, 17]},
  ...{10: [256, 84], 11: [256, 110], 12: [256, 144], 13: [256, 176], 14: [256, 210]},
  ...{16: [256, 66], 17: [256, 74], 18: [256, 98], 19: [256, 50], 21: [256, 110], 22: [256, 82], 23: [256, 136], 29: [256, 56]},
}

/**
 * What is wrong with the header of a GGUF file, in words; undefined when nothing is. The readers of node-llama-cpp and llama.cpp
 * believe what a header says: one that is damaged makes them hang, or ends the process.
 * The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export async function checkGguf(file: FileHandle, size: number): Promise<string | undefined> {
  for (let length = Math.min(size, FIRST_READ); ; length = Math.min(size, length * 4)) {
    const {buffer} = await file.read(Buffer.alloc(length), 0, length, 0)
    try {
      return new Header(buffer).check(size)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      if (length === size) return 'it ends before its header does'
      if (length >= LARGEST_HEADER) return 'its header is damaged'
    }
  }
}

/** Reads on in a buffer. Throws RangeError at its end. */
class Header {
  readonly #bytes: Buffer
  #at = 0
  #alignment = DEFAULT_ALIGNMENT

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  check(fileSize: number): string | undefined {
    if (this.#skip(4).toString('latin1') !== 'GGUF') return 'it is not a GGUF file'
    const version = this.#uint32()
    if (version !== 2 && version !== 3) return `it is of version ${version} of GGUF, and 2 and 3 are known`
    const tensors = this.#count()
    const entries = this.#count()
    if (tensors > MOST_ENTRIES || entries > MOST_ENTRIES) return 'its header is damaged'
    for (let entry = 0; entry < entries; entry++) {
      const key = this.#string().toString()
      if (!this.#value(this.#uint32(), key)) return 'its header is damaged'
    }
    let end = 0
    for (let tensor = 0; tensor < tensors; tensor++) {
      this.#string()
      const dimensions = this.#uint32()
      if (dimensions > 8) return 'its header is damaged'
      let weights = 1
      for (let dimension = 0; dimension < dimensions; dimension++) weights *= this.#count()
      const [perBlock, bytes] = BLOCKS[this.#uint32()] ?? [1, 0]
      end = Math.max(end, this.#count() + Math.max(1, Math.ceil(weights / perBlock) * bytes))
    }
    const data = Math.ceil(this.#at / this.#alignment) * this.#alignment
    return tensors > 0 && data + end > fileSize ? 'it ends before its last tensor does' : undefined
  }

  // False for a value of a type that there is not.
  #value(type: number, key = ''): boolean {
    const size = SIZES[type]
    if (type === STRING) this.#string()
    else if (type === LIST) return this.#list()
    else if (size === undefined) return false
    else if (key === 'general.alignment' && size === 4) this.#alignment = Math.max(1, this.#uint32())
    else this.#skip(size)
    return true
  }

  #list(): boolean {
    const type = this.#uint32()
    const count = this.#count()
    const size = SIZES[type]
    if (size !== undefined) {
      this.#skip(size * count)
      return true
    }
    // Lists in lists are allowed and used by nobody.
    if (type !== STRING) return false
    for (let item = 0; item < count; item++) this.#string()
    return true
  }

  #string(): Buffer {
    return this.#skip(this.#count())
  }

  #count(): number {
    return Number(this.#skip(8).readBigUInt64LE())
  }

  #uint32(): number {
    return this.#skip(4).readUInt32LE()
  }

  #skip(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('the header goes on')
    const skipped = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return skipped
  }
}
