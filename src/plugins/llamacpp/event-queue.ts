/** Makes an async iterable of what a callback is given, until a promise has settled. */
export class EventQueue<T> {
  #waiting: T[] = []
  #wake: () => void = () => {}

  push(event: T): void {
    this.#waiting.push(event)
    this.#wake()
  }

  /** What is pushed, in its order; rejects as the promise does, once everything before is read. */
  async *until(end: Promise<unknown>): AsyncGenerator<T> {
    let ended = false
    const settle = () => {
      ended = true
      this.#wake()
    }
    end.then(settle, settle)
    for (;;) {
      const events = this.#waiting
      this.#waiting = []
      yield* events
      if (this.#waiting.length > 0) continue
      if (ended) break
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    await end
  }
}
