import {Writable} from 'node:stream'

const TAIL_BYTES = 64 * 1024

/** Keeps the last 64 KiB of what is written to it. */
export class OutputTail extends Writable {
  #tail = Buffer.alloc(0)
  #isTruncated = false

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const all = Buffer.concat([this.#tail, chunk])
    this.#isTruncated ||= all.length > TAIL_BYTES
    this.#tail = all.subarray(-TAIL_BYTES)
    done()
  }

  get text(): string {
    return this.#tail.toString()
  }

  get isTruncated(): boolean {
    return this.#isTruncated
  }
}
