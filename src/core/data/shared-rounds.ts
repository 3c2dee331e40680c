/**
 * Lets callers that come at the same time share one piece of work. Whoever calls while a round is under way waits for the next
 * one, so that what is read or flushed is never older than the call.
 */
export class SharedRounds<T> {
  readonly #work: () => Promise<T>
  #current: Promise<unknown> | undefined
  #next: Promise<T> | undefined

  constructor(work: () => Promise<T>) {
    this.#work = work
  }

  /** The result of a round that begins after this call. */
  join(): Promise<T> {
    this.#next ??= this.#after(this.#current)
    return this.#next
  }

  async #after(current: Promise<unknown> | undefined): Promise<T> {
    await current?.catch(() => {})
    const round = this.#work()
    this.#current = round
    this.#next = undefined
    return round
  }
}
