import type {Clock} from '../provider-plugin.js'

/** A clock that jumps instead of sleeping, and keeps how long it was asked to sleep. */
export class InstantClock implements Clock {
  /** Milliseconds. */
  readonly waits: number[] = []
  #jumped = 0

  now(): number {
    return Date.now() + this.#jumped
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.waits.push(milliseconds)
    this.#jumped += milliseconds
  }
}
