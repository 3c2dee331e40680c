import type {SharedSsh} from './direct-copy.js'
import {closeLink, type Link} from './link.js'
import type {SessionSlots} from './session-slots.js'

// From where on an ssh process of its own is the quicker way: about 20 ms to start it, and about 400 ms where it has to log in.
const LARGE = 8 * 1024 * 1024
const WORTH_A_LOGIN = 128 * 1024 * 1024

/** Decides which files go through a process of the system's ssh. */
export class LargeFiles {
  readonly #link: Link
  readonly #slots: SessionSlots
  #noLogin = false

  constructor(link: Link, slots: SessionSlots) {
    this.#link = link
    this.#slots = slots
  }

  /** Runs the copy where that pays. False when it does not, or when ssh could not: the file then goes the other way. */
  async copy(size: number, run: (ssh: SharedSsh) => Promise<boolean>): Promise<boolean> {
    const {shared, openShared} = this.#link
    if (shared !== undefined) return size >= LARGE && this.#withSlot(() => run(shared))
    if (openShared === undefined || size < WORTH_A_LOGIN || this.#noLogin) return false
    // Without ssh, or where only Helix has the password, it stays as it is; it is not tried again.
    const link = await openShared().catch(() => undefined)
    this.#noLogin = link === undefined
    if (link?.shared === undefined) return false
    try {
      return await run(link.shared)
    } finally {
      await closeLink(link)
    }
  }

  // Who runs a task for hours must not keep a file waiting, which has another way to go.
  async #withSlot(run: () => Promise<boolean>): Promise<boolean> {
    if (this.#slots.open >= this.#slots.limit) return false
    await this.#slots.acquire()
    try {
      return await run()
    } finally {
      this.#slots.release()
    }
  }
}
