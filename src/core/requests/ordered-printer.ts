interface Turn {
  /** Nothing where there is nothing to print. */
  print?: () => Promise<void>
}

/** Prints what ended tasks have printed, one after the other; in the order of the items, it holds back what ends before its turn. */
export class OrderedPrinter {
  readonly #keepOrder: boolean
  readonly #isLeftOut: (number: number) => boolean
  readonly #held = new Map<number, Turn>()
  #printed: Promise<void> = Promise.resolve()
  #next = 1

  /** `isLeftOut` tells the items whose turn never comes. */
  constructor(keepOrder: boolean, isLeftOut: (number: number) => boolean = () => false) {
    this.#keepOrder = keepOrder
    this.#isLeftOut = isLeftOut
  }

  /** Prints an item's output when its turn has come. */
  add(number: number, print: () => Promise<void>): void {
    if (this.#keepOrder) this.#hold(number, {print})
    else this.#chain({print})
  }

  /** An item that has ended and printed nothing; without effect on one that was added. */
  pass(number: number): void {
    if (this.#keepOrder && number >= this.#next && !this.#held.has(number)) this.#hold(number, {})
  }

  /** Resolves when all that had its turn is printed; rejects with what a print rejected with. */
  done(): Promise<void> {
    return this.#printed
  }

  /** Prints also what waits for items that will never end, such as those cancelled before they started. */
  async flush(): Promise<void> {
    for (const [, turn] of [...this.#held].sort(([a], [b]) => a - b)) this.#chain(turn)
    this.#held.clear()
    await this.#printed
  }

  #hold(number: number, turn: Turn): void {
    this.#held.set(number, turn)
    for (;;) {
      const ready = this.#held.get(this.#next)
      if (ready) {
        this.#held.delete(this.#next)
        this.#chain(ready)
      } else if (!this.#isLeftOut(this.#next)) return
      this.#next += 1
    }
  }

  #chain({print}: Turn): void {
    if (!print) return
    this.#printed = this.#printed.then(print)
    // Whoever waits for it sees its rejection; until then it must not count as unhandled.
    this.#printed.catch(() => {})
  }
}
