import {setTimeout as delay} from 'node:timers/promises'
import type {StartedAttempt} from '../workers/attempt-protocol.js'
import type {Transport} from '../workers/transport.js'

// One session is for questions and orders; the rest may wait for attempts to end.
const RESERVED_SESSIONS = 1
const PATIENCE_MS = 500

/**
 * The sessions of one connection in which START scripts wait for their attempts. Waiting tells the end of an attempt at
 * once, but servers allow few sessions (OpenSSH 10), so when somebody else needs one, the oldest is given back.
 */
export class SessionHolds {
  readonly #transport: Transport
  readonly #held = new Set<StartedAttempt>()
  /** Given back, but not yet left. */
  readonly #leaving = new Set<StartedAttempt>()
  #starting = 0

  constructor(transport: Transport) {
    this.#transport = transport
    transport.onWaiting = () => this.#relieve()
  }

  /** Starts an attempt as soon as there is a session for it. */
  async start(begin: () => Promise<StartedAttempt>): Promise<StartedAttempt> {
    this.#starting += 1
    try {
      await this.#makeRoom()
      const started = await begin()
      this.#held.add(started)
      const forget = () => {
        this.#held.delete(started)
        this.#leaving.delete(started)
      }
      started.outcome.then(forget, forget)
      this.#relieve()
      return started
    } finally {
      this.#starting -= 1
    }
  }

  async #makeRoom(): Promise<void> {
    const limit = Math.max(1, this.#transport.sessions - RESERVED_SESSIONS)
    const excess = () => this.#held.size + this.#starting - limit
    if (excess() <= 0 || this.#held.size === 0) return
    // Most tasks are short: one of them is likely to end by itself.
    await Promise.race([...[...this.#held].map((started) => started.outcome.catch(() => {})), delay(PATIENCE_MS)])
    const oldest = [...this.#held].slice(0, Math.max(0, excess()))
    for (const started of oldest) this.#giveBack(started)
    await Promise.all(oldest.map((started) => started.outcome.catch(() => {})))
  }

  /** A server may allow fewer sessions than was known when they were taken: whoever waits would then wait for a task to end. */
  #relieve(): void {
    const {sessions, waiting} = this.#transport
    const isStuck = () => waiting > this.#leaving.size && this.#held.size + this.#leaving.size >= sessions
    for (const started of this.#held) if (isStuck()) this.#giveBack(started)
  }

  #giveBack(started: StartedAttempt): void {
    this.#held.delete(started)
    this.#leaving.add(started)
    started.release()
  }
}
