import {randomUUID} from 'node:crypto'
import type {Store} from '../data/store.js'
import type {Logger} from '../logger.js'
import {currentProcess} from '../process-identity.js'
import {type CoordinatorKind, LEASE_SECONDS, registerCoordinator, renewLease, retakeTasks, unregisterCoordinator} from './coordinator-lease.js'

export interface LeaseOptions {
  store: Store
  kind: CoordinatorKind
  hostId: string
  logger: Logger
}

/** A coordinator's right to its tasks: an id in the store that is good for 30 s after each renewal. */
export class Lease {
  readonly #options: LeaseOptions
  #id = randomUUID()
  #since = readClocks()
  #renewing: Promise<'renewed' | 'replaced'> | undefined

  private constructor(options: LeaseOptions) {
    this.#options = options
  }

  static async acquire(options: LeaseOptions): Promise<Lease> {
    const lease = new Lease(options)
    await lease.#register(lease.#id)
    return lease
  }

  /** The coordinator's id; another one after a lease was lost, since what was owned under the old one belongs to whoever adopts it. */
  get id(): string {
    return this.#id
  }

  /** Seconds that it still holds, at least. */
  get secondsLeft(): number {
    // The monotonic clock stands still while the machine sleeps, the other one may be set: whichever went further counts.
    const now = readClocks()
    return LEASE_SECONDS - Math.max(now.monotonic - this.#since.monotonic, now.wall - this.#since.wall) / 1000
  }

  /** Renews the lease; one that has ended is replaced by a new one, with what nobody has adopted since. */
  renew(): Promise<'renewed' | 'replaced'> {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async #renewOnce(): Promise<'renewed' | 'replaced'> {
    const {store, logger} = this.#options
    const asked = readClocks()
    if (await renewLease(store, this.#id)) {
      this.#since = asked
      return 'renewed'
    }
    logger.warn('this coordinator lost its lease (it was asleep, or away from the store) and starts anew')
    const id = randomUUID()
    await this.#register(id)
    await retakeTasks(store, this.#id, id)
    // Only now: until everything has moved, a failure leaves the old id in charge, and the next renewal begins again.
    this.#id = id
    return 'replaced'
  }

  /** Gives it up: what is still owned can be adopted at once. */
  async release(): Promise<void> {
    await unregisterCoordinator(this.#options.store, this.#id)
  }

  async #register(id: string): Promise<void> {
    const {store, kind, hostId} = this.#options
    const asked = readClocks()
    await registerCoordinator(store, id, kind, hostId, currentProcess())
    this.#since = asked
  }
}

function readClocks(): {monotonic: number; wall: number} {
  return {monotonic: performance.now(), wall: Date.now()}
}
