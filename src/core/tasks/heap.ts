/** A binary heap: the first element by `compare` is found at once, and moved or removed in logarithmic time. */
export class Heap<T> {
  readonly #items: T[]
  readonly #compare: (a: T, b: T) => number

  constructor(items: T[], compare: (a: T, b: T) => number) {
    this.#items = items
    this.#compare = compare
    for (let index = (items.length >> 1) - 1; index >= 0; index--) this.#sink(index)
  }

  get first(): T | undefined {
    return this.#items[0]
  }

  /** Puts the first element where it belongs, now that it has changed so as to come later. */
  sinkFirst(): void {
    this.#sink(0)
  }

  removeFirst(): void {
    const last = this.#items.pop()
    if (last === undefined || this.#items.length === 0) return
    this.#items[0] = last
    this.#sink(0)
  }

  #sink(start: number): void {
    const items = this.#items
    const item = items[start] as T
    let index = start
    for (;;) {
      let child = 2 * index + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#compare(items[child + 1] as T, items[child] as T) < 0) child += 1
      if (this.#compare(items[child] as T, item) >= 0) break
      items[index] = items[child] as T
      index = child
    }
    items[index] = item
  }
}
