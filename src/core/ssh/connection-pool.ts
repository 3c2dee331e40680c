import {HelixError} from '../errors/helix-error.js'
import type {Transport} from '../workers/transport.js'

/** A host that has not answered by then does not answer soon, and does not count as a login. */
const TURN_MS = 2000

/** Keeps one connection for each worker and opens only a few at a time, because sshd refuses too many logins at once (MaxStartups). */
export class ConnectionPool<T extends Transport = Transport> {
  readonly #atOnce: number
  readonly #connections = new Map<string, Promise<T>>()
  /** Whose connection is not there yet. */
  readonly #pending = new Set<string>()
  #opening = 0
  #queue: (() => void)[] = []
  #isClosed = false

  constructor(atOnce = 4) {
    this.#atOnce = atOnce
  }

  /** The worker's connection; `open` makes it when there is none. A failure is given to all who wait, and the next call tries again. */
  get(workerId: string, open: () => Promise<T>): Promise<T> {
    const known = this.#connections.get(workerId)
    if (known !== undefined) return known
    this.#pending.add(workerId)
    const connection = this.#openInTurn(open).finally(() => this.#pending.delete(workerId))
    this.#connections.set(workerId, connection)
    const forget = () => {
      if (this.#connections.get(workerId) === connection) this.#connections.delete(workerId)
    }
    // Bound to `closed` itself, so that it is forgotten before anybody who waits for that asks for a new one.
    connection.then((transport) => transport.closed.then(forget), forget)
    return connection
  }

  /** Whose connections are open or being opened. */
  ids(): string[] {
    return [...this.#connections.keys()]
  }

  /** Closes a worker's connection, if there is one. */
  async drop(workerId: string): Promise<void> {
    const connection = this.#connections.get(workerId)
    this.#connections.delete(workerId)
    await connection?.then(
      (transport) => transport.close(),
      () => {},
    )
  }

  /** Closes all connections, and without waiting for them those that are being opened; there will be no more. */
  async close(): Promise<void> {
    this.#isClosed = true
    // A host that does not answer would hold up whoever leaves.
    const closing = [...this.#connections.keys()].map((id) => (this.#pending.has(id) ? void this.drop(id) : this.drop(id)))
    await Promise.all(closing)
  }

  async #openInTurn(open: () => Promise<T>): Promise<T> {
    // Whoever ends hands its turn on to the next in the queue, so the count stays.
    if (this.#opening >= this.#atOnce) await new Promise<void>((admit) => this.#queue.push(admit))
    else this.#opening += 1
    // Workers that are down must not keep the others waiting for as long as it takes to find out.
    let isMyTurn = true
    const handOn = () => {
      if (isMyTurn) this.#handOn()
      isMyTurn = false
    }
    const turn = setTimeout(handOn, TURN_MS)
    try {
      if (this.#isClosed) throw new HelixError('unavailable', 'no more connections are opened', {code: 'POOL_CLOSED'})
      return await open()
    } finally {
      clearTimeout(turn)
      handOn()
    }
  }

  #handOn(): void {
    const next = this.#queue.shift()
    if (next === undefined) this.#opening -= 1
    else next()
  }
}
