interface Waiting {
  admit: (isAdmitted: boolean) => void
  reject: (error: Error) => void
}

/** Shares out the sessions that one connection may have open at once, first come, first served. */
export class SessionSlots {
  /** Called each time there is no session left for somebody. */
  onShortage?: () => void
  #limit: number
  #open = 0
  #queue: Waiting[] = []
  #failure: Error | undefined

  readonly #mayRefuse: boolean

  /** With `mayRefuse` nobody waits for the only session that a server allows: who holds it may do so for hours. */
  constructor(most: number, {mayRefuse = false} = {}) {
    this.#limit = most
    this.#mayRefuse = mayRefuse
  }

  /** How many sessions may be open at once, as far as is known. */
  get limit(): number {
    return this.#limit
  }

  /** How many wait for a session. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Sessions open or being opened. */
  get open(): number {
    return this.#open
  }

  /** Resolves to true when the caller may open a session, to false when it is to do without one; `again` puts one that was refused before all others. Rejects once the slots are closed. */
  async acquire(again = false): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#open < this.#limit && (again || this.#queue.length === 0)) {
      this.#open += 1
      return true
    }
    if (this.#isCramped) {
      this.onShortage?.()
      return false
    }
    const admitted = new Promise<boolean>((admit, reject) => {
      if (again) this.#queue.unshift({admit, reject})
      else this.#queue.push({admit, reject})
    })
    this.onShortage?.()
    return admitted
  }

  /** Gives a session back once it is closed. */
  release(): void {
    this.#open -= 1
    this.#admit()
  }

  /** Gives back a session that the server refused to open, and from then on keeps to as many as it has allowed. False when it allowed none at all. */
  refused(): boolean {
    this.#open -= 1
    const allowed = this.#open
    this.#limit = Math.max(1, Math.min(this.#limit, allowed))
    this.#admit()
    return allowed > 0
  }

  /** Rejects everybody who waits, and all who come later. */
  close(error: Error): void {
    this.#failure ??= error
    for (const {reject} of this.#queue.splice(0)) reject(error)
  }

  #admit(): void {
    while (this.#open < this.#limit) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#open += 1
      next.admit(true)
    }
    if (this.#isCramped) for (const {admit} of this.#queue.splice(0)) admit(false)
  }

  get #isCramped(): boolean {
    return this.#mayRefuse && this.#limit === 1 && this.#open > 0
  }
}
