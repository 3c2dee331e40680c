import type {EndedOutput} from './foreground-output.js'

/** Prints what ended tasks have printed; in the order of the items, it holds back what ends before its turn. */
export class OrderedPrinter {
  readonly #keepOrder: boolean
  readonly #print: (ended: EndedOutput) => Promise<void>
  readonly #held = new Map<number, EndedOutput>()
  #next = 1

  constructor(keepOrder: boolean, print: (ended: EndedOutput) => Promise<void>) {
    this.#keepOrder = keepOrder
    this.#print = print
  }

  async add(ended: EndedOutput): Promise<void> {
    if (!this.#keepOrder) return this.#print(ended)
    this.#held.set(ended.claimed.task.input.item_number ?? 0, ended)
    for (let ready = this.#held.get(this.#next); ready; ready = this.#held.get(this.#next)) {
      this.#held.delete(this.#next)
      this.#next += 1
      await this.#print(ready)
    }
  }

  /** Prints what waits for items that will never end, such as those cancelled before they started. */
  async flush(): Promise<void> {
    for (const [, ended] of [...this.#held].sort(([a], [b]) => a - b)) await this.#print(ended)
    this.#held.clear()
  }
}
