import type {Store} from '../data/store.js'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {ConnectionPool} from '../ssh/connection-pool.js'
import {LocalTransport} from './local-transport.js'
import type {Transport} from './transport.js'
import type {WorkerRow} from './worker.js'
import {markLost} from './worker-recovery.js'
import {markReachable, markUnusable} from './worker-store.js'

const FIRST_RETRY_SECONDS = 1
const LONGEST_RETRY_SECONDS = 60
/** However many tasks ask for a worker that has just refused, it is bothered no more often than this. */
const LONGEST_PAUSE_SECONDS = 10

/** Opens the connection of one worker that is reached over SSH. */
export type OpenSsh = (worker: WorkerRow) => Promise<Transport>

interface Refusal {
  error: unknown
  until: number
  failures: number
}

/** One shared connection a worker, opened when first needed; keeps the workers' status in the store true to what it meets. */
export class WorkerConnections {
  readonly #store: Store
  readonly #openSsh: OpenSsh
  readonly #pool = new ConnectionPool()
  readonly #refusals = new Map<string, Refusal>()

  constructor(store: Store, openSsh: OpenSsh) {
    this.#store = store
    this.#openSsh = openSsh
  }

  /** The worker's connection. Rejects with why it cannot be reached, after the worker's status has been set accordingly. */
  async get(worker: WorkerRow): Promise<Transport> {
    const refusal = this.#refusals.get(worker.id)
    if (refusal && performance.now() < refusal.until) throw refusal.error
    return this.#pool.get(worker.id, () => this.#connect(worker))
  }

  /** The worker's connection, also when it has just refused one. */
  retry(worker: WorkerRow): Promise<Transport> {
    return this.#pool.get(worker.id, () => this.#connect(worker))
  }

  /** Ids of the workers that are connected, or about to be. */
  connected(): string[] {
    return this.#pool.ids()
  }

  /** Closes a worker's connection. What runs there goes on. */
  drop(workerId: string): Promise<void> {
    return this.#pool.drop(workerId)
  }

  /** Closes a connection over which a worker cannot be used, and records why. */
  async giveUp(worker: WorkerRow, reason: string): Promise<void> {
    await this.drop(worker.id)
    await markLost(this.#store, worker.id, reason, 0)
  }

  /** Closes every connection; attempts on the workers go on. */
  close(): Promise<void> {
    return this.#pool.close()
  }

  async #connect(worker: WorkerRow): Promise<Transport> {
    if (worker.origin === 'local') return new LocalTransport()
    try {
      const transport = await this.#openSsh(worker)
      await markReachable(this.#store, worker.id)
      this.#refusals.delete(worker.id)
      void this.#reportLoss(worker, transport)
      return transport
    } catch (error) {
      const failures = (this.#refusals.get(worker.id)?.failures ?? 0) + 1
      const pause = Math.min(LONGEST_PAUSE_SECONDS, backoffSeconds(failures - 1))
      this.#refusals.set(worker.id, {error, failures, until: performance.now() + pause * 1000})
      const kind = HelixError.is(error) ? error.kind : undefined
      // That the user left when asked for a password says nothing about the worker.
      if (kind === 'interrupted') throw error
      // A wrong key or password does not mend itself; a machine that is down may come back.
      const status = kind === 'unavailable' ? 'inactive' : 'failed'
      await markUnusable(this.#store, worker.id, status, messageOf(error), backoffSeconds(worker.connect_failures))
      throw error
    }
  }

  async #reportLoss(worker: WorkerRow, transport: Transport): Promise<void> {
    const since = performance.now()
    const lost = await transport.closed
    // The store may be closing too; the next connection tells the worker's state in any case.
    if (lost) await markLost(this.#store, worker.id, lost.message, (performance.now() - since) / 1000).catch(() => {})
  }
}

/** Seconds to wait after so many failures in a row: doubling, capped, and spread so that coordinators do not come in step. */
export function backoffSeconds(failures: number): number {
  return Math.min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2)
}

/** The environment in which scripts run on a worker: on this machine the caller's and the place of attempt folders, elsewhere the worker's own. */
export function scriptEnvironment(worker: WorkerRow, caller: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv | undefined {
  if (worker.origin !== 'local') return undefined
  return {...caller, HELIX_ATTEMPTS_ROOT: worker.resources.attempts_root}
}
