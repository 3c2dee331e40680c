const LF = 10

/** Passes chunks on; until `caughtUp` is called first, only the last lines of them. */
export class LastLines {
  readonly #count: number | undefined
  readonly #pass: (chunk: Buffer) => Promise<void>
  #held: Buffer = Buffer.alloc(0)
  #holding: boolean

  constructor(count: number | undefined, pass: (chunk: Buffer) => Promise<void>) {
    this.#count = count
    this.#pass = pass
    this.#holding = count !== undefined
  }

  async add(chunk: Buffer): Promise<void> {
    if (!this.#holding) return this.#pass(chunk)
    this.#held = lastLines(Buffer.concat([this.#held, chunk]), this.#count ?? 0)
  }

  /** What was there is over; from now on everything passes. */
  async caughtUp(): Promise<void> {
    if (!this.#holding) return
    this.#holding = false
    await this.#pass(this.#held)
  }
}

function lastLines(text: Buffer, count: number): Buffer {
  if (count === 0) return Buffer.alloc(0)
  // A newline at the very end closes the last line and begins none.
  let at = text.length - 1
  for (let lines = 0; lines < count && at > 0; lines++) at = text.lastIndexOf(LF, at - 1)
  return at <= 0 && text[0] !== LF ? text : text.subarray(at + 1)
}
