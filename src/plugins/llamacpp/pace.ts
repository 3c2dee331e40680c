/** Milliseconds; nothing can stop a batch that llama.cpp is at. */
const BATCH_MS = 250
const FIRST_TOKENS = 32

/** Decides how much of a prompt is evaluated at once: as much as takes a quarter of a second, so that whoever cancels need not wait. */
export class Pace {
  #signal: AbortSignal | undefined
  #tokens = FIRST_TOKENS
  #last: {tokens: number; startedAt: number} | undefined

  /** From now on batches are for a request that ends with this signal. */
  begin(signal: AbortSignal): void {
    this.#signal = signal
    this.#last = undefined
  }

  /** Tokens of the next batch. Throws the signal's reason when it is aborted. */
  next(waiting: number, most: number): number {
    this.#signal?.throwIfAborted()
    const now = performance.now()
    if (this.#last && this.#last.tokens >= FIRST_TOKENS / 4) {
      const fitting = (this.#last.tokens * BATCH_MS) / Math.max(1, now - this.#last.startedAt)
      this.#tokens = Math.max(FIRST_TOKENS / 4, Math.min(most, this.#tokens * 4, Math.floor(fitting)))
    }
    const tokens = Math.min(waiting, this.#tokens, most)
    this.#last = {tokens, startedAt: now}
    return tokens
  }
}
