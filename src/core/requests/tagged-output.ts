import {Writable} from 'node:stream'
import {writeAll} from './follow-output.js'
import type {TaskOutput} from './request-context.js'

const LF = 10
const LONGEST_HELD_BYTES = 1024 * 1024

/** Where one task's output goes with a tag before each of its lines. */
export function tagOutput(to: TaskOutput, tag: Buffer | undefined): TaskOutput {
  if (!tag) return to
  return {stdout: new LineTagger(to.stdout, tag, false), stderr: new LineTagger(to.stderr, tag, false)}
}

/** The same for tasks that print at the same time: only whole lines pass. `end` passes a last one that has no end. */
export function tagLines(to: TaskOutput, tag: Buffer | undefined): TaskOutput & {end: () => Promise<void>} {
  const stdout = new LineTagger(to.stdout, tag ?? Buffer.alloc(0), true)
  const stderr = new LineTagger(to.stderr, tag ?? Buffer.alloc(0), true)
  const end = async () => {
    await stdout.flush()
    await stderr.flush()
  }
  return {stdout, stderr, end}
}

class LineTagger extends Writable {
  readonly #to: Writable
  readonly #tag: Buffer
  readonly #wholeLines: boolean
  #atLineStart = true
  #held: Buffer = Buffer.alloc(0)

  constructor(to: Writable, tag: Buffer, wholeLines: boolean) {
    super({highWaterMark: 1})
    this.#to = to
    this.#tag = tag
    this.#wholeLines = wholeLines
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#pass(chunk).then(() => done(), done)
  }

  async flush(): Promise<void> {
    const rest = this.#held
    this.#held = Buffer.alloc(0)
    await writeAll(this.#to, this.#tagged(rest))
  }

  async #pass(chunk: Buffer): Promise<void> {
    if (!this.#wholeLines) return writeAll(this.#to, this.#tagged(chunk))
    const data = Buffer.concat([this.#held, chunk])
    // A line without end must not fill the memory.
    const end = data.length > LONGEST_HELD_BYTES ? data.length : data.lastIndexOf(LF) + 1
    this.#held = data.subarray(end)
    await writeAll(this.#to, this.#tagged(data.subarray(0, end)))
  }

  #tagged(data: Buffer): Buffer {
    if (this.#tag.length === 0) return data
    const pieces: Buffer[] = []
    for (let from = 0; from < data.length; ) {
      const at = data.indexOf(LF, from)
      const to = at < 0 ? data.length : at + 1
      if (this.#atLineStart) pieces.push(this.#tag)
      pieces.push(data.subarray(from, to))
      this.#atLineStart = at >= 0
      from = to
    }
    return Buffer.concat(pieces)
  }
}
