import {setTimeout as delay} from 'node:timers/promises'
import type {Store} from '../data/store.js'
import {messageOf} from '../errors/helix-error.js'
import type {Logger} from '../logger.js'
import {untilPulse} from '../pulse.js'
import {KEEPALIVE_MS} from '../ssh/connect-options.js'
import type {WorkerProbe} from './probe-report.js'
import {MODEL_PORTS, probeLoad, probeWorker} from './probe-worker.js'
import type {Transport} from './transport.js'
import type {WorkerLoad, WorkerRow} from './worker.js'
import {scriptEnvironment, type WorkerConnections} from './worker-connections.js'
import {claimRetry, listRetries, markRevived} from './worker-recovery.js'
import {WorkerReports} from './worker-reports.js'
import {readWorkerRow, storeLoads, storeProbe} from './worker-store.js'

const RETRY_TICK_MS = 1000
const CHECK_TICK_MS = 2000
/** One-off commands are over before they would look at anybody's health. */
const FOREGROUND_DELAY_MS = 5000
/** Versions and model servers change less often than load. */
const CHECKS_PER_PROBE = 10
const CHECKS_AT_ONCE = 32
/** Before a connection over which nothing has come is probed. */
const LONGEST_BEAT_SECONDS = KEEPALIVE_MS / 1000 - 0.5
/** What a report may take, and the time until it is stored. */
const REPORT_SECONDS = 2
/** A worker that reports by itself may be that many intervals late. */
const INTERVALS_HEARD = 2
/** Most of them wait for an answer that does not come. */
const RETRIES_AT_ONCE = 32

export interface HealthOptions {
  store: Store
  connections: WorkerConnections
  logger: Logger
  hostId: string
  /** Between two checks of a worker, whichever coordinator makes them. */
  intervalSeconds: number
  /** A scheduler looks after all workers, a foreground coordinator after those that it is connected to. */
  scope: 'all' | 'connected'
  /** A worker that was away can be used again. */
  onRevived: () => void
}

/** What is known of one connection. */
interface Checked {
  /** So many checks and reports of its load alone come before the next one of all that it has. */
  loads: number
  reports?: WorkerReports | undefined
  /** Its reports stopped coming; they are not tried again. */
  isSilent: boolean
}

/**
 * Looks after the workers beside a coordinator's tasks: tries again those that are away, and asks the others how they are.
 * Any number of coordinators share the work: each retry and each check is claimed in the store first.
 */
export class WorkerHealth {
  readonly #options: HealthOptions
  readonly #stopping = new AbortController()
  readonly #checked = new WeakMap<Transport, Checked>()
  /** By worker, not stored yet. */
  #loads = new Map<string, WorkerLoad>()
  readonly #checking = new Set<string>()
  readonly #retrying = new Set<string>()
  #loops: Promise<unknown> = Promise.resolve()

  constructor(options: HealthOptions) {
    this.#options = options
  }

  start(): void {
    const {scope} = this.#options
    const checkAfterMs = scope === 'connected' ? FOREGROUND_DELAY_MS : 0
    this.#loops = Promise.all([this.#repeat(() => this.#retry(), RETRY_TICK_MS), this.#repeat(() => this.#check(), CHECK_TICK_MS, checkAfterMs)])
  }

  /** Starts nothing more. Checks that are under way end with their connections. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loops
  }

  async #repeat(work: () => Promise<void>, tickMs: number, delayMs = 0): Promise<void> {
    const {signal} = this.#stopping
    const pause = (ms: number) => delay(ms, undefined, {signal}).catch(() => {})
    await pause(delayMs)
    while (!signal.aborted) {
      // A store that is away is the coordinator's to report.
      await work().catch((error) => this.#options.logger.debug(`looking after the workers: ${messageOf(error)}`))
      await pause(untilPulse(tickMs))
    }
  }

  /** Tries workers that are away, once their time has come. */
  async #retry(): Promise<void> {
    const {store, hostId} = this.#options
    const room = RETRIES_AT_ONCE - this.#retrying.size
    if (room < 1) return
    for (const id of await listRetries(store, hostId, room)) {
      const worker = this.#retrying.has(id) ? undefined : await claimRetry(store, id)
      if (worker) this.#track(this.#retrying, worker, () => this.#revive(worker))
    }
  }

  async #revive(worker: WorkerRow): Promise<void> {
    await this.#options.connections.retry(worker)
    await markRevived(this.#options.store, worker.id)
    this.#options.onRevived()
  }

  /** Checks workers whose last check is too old, few enough at a time that all checks are spread over the interval. */
  async #check(): Promise<void> {
    const {store, hostId, intervalSeconds, scope, connections} = this.#options
    await this.#storeLoads()
    const pool = `status = 'active' AND host_id IN ('', ?)${scope === 'connected' ? ` AND id IN ${store.sql.ids}` : ''}`
    const ids = scope === 'connected' ? [hostId, JSON.stringify(connections.connected())] : [hostId]
    const isDue = `(checked_at IS NULL OR checked_at <= ${store.sql.afterSeconds})`
    const due = await store.prepared<{id: string; pool: number}>(
      `SELECT id, (SELECT count(*) FROM workers WHERE ${pool}) AS pool FROM workers WHERE ${pool} AND ${isDue} ORDER BY checked_at NULLS FIRST LIMIT ?`,
      [...ids, ...ids, -intervalSeconds, CHECKS_AT_ONCE],
    )
    const share = Math.ceil((Number(due[0]?.pool ?? 0) * CHECK_TICK_MS) / 1000 / intervalSeconds)
    const room = Math.min(share, CHECKS_AT_ONCE - this.#checking.size)
    const mine = due.filter(({id}) => !this.#checking.has(id)).slice(0, Math.max(0, room))
    if (mine.length === 0) return
    const rows = await store.prepared(`UPDATE workers SET checked_at = ${store.sql.now} WHERE id IN ${store.sql.ids} AND ${isDue} RETURNING *`, [
      JSON.stringify(mine.map(({id}) => id)),
      -intervalSeconds,
    ])
    for (const row of rows) {
      const worker = readWorkerRow(store.sql, row)
      this.#track(this.#checking, worker, () => this.#examine(worker))
    }
  }

  async #storeLoads(): Promise<void> {
    const loads = this.#loads
    if (loads.size === 0) return
    this.#loads = new Map()
    await storeLoads(this.#options.store, loads)
  }

  async #examine(worker: WorkerRow): Promise<void> {
    const {connections} = this.#options
    const transport = await connections.get(worker)
    const checked = this.#checked.get(transport) ?? {loads: 0, isSilent: false}
    this.#checked.set(transport, checked)
    if (this.#reportsByItself(checked)) return
    let isOpen = true
    void transport.closed.then(() => {
      isOpen = false
    })
    const all = this.#wantsAll(worker, checked)
    const probe = await (all ? probeWorker : probeLoad)(transport, scriptEnvironment(worker)).catch(async (error) => {
      // A connection that was lost, or closed with its coordinator, has been told of where it was noticed.
      if (isOpen && worker.origin !== 'local' && !this.#stopping.signal.aborted) await connections.giveUp(worker, messageOf(error))
      throw error
    })
    await this.#keep(worker, probe)
    checked.loads = all ? loadsUntilNext() : checked.loads - 1
    await this.#openReports(worker, transport, checked)
  }

  async #keep({id}: WorkerRow, probe: WorkerProbe): Promise<void> {
    const {store, connections} = this.#options
    if (!probe.servers) this.#loads.set(id, probe.load)
    else if (!(await storeProbe(store, id, probe))) await connections.drop(id)
  }

  /** Has a worker report by itself from now on. */
  async #openReports(worker: WorkerRow, transport: Transport, checked: Checked): Promise<void> {
    const {intervalSeconds, scope} = this.#options
    const beats = Math.ceil((intervalSeconds - REPORT_SECONDS) / LONGEST_BEAT_SECONDS)
    if (scope !== 'all' || beats < 1 || checked.isSilent) return
    const plan = {
      beats,
      beatSeconds: Math.floor((intervalSeconds - REPORT_SECONDS) / beats),
      loadsFirst: checked.loads,
      loadsBetween: CHECKS_PER_PROBE - 1,
      ports: MODEL_PORTS,
    }
    const keep = (report: WorkerProbe) => {
      checked.loads = report.servers ? plan.loadsBetween : checked.loads - 1
      this.#track(this.#checking, worker, () => this.#keep(worker, report))
    }
    checked.reports = await WorkerReports.open(transport, plan, keep, scriptEnvironment(worker))
  }

  #reportsByItself(checked: Checked): boolean {
    const {reports} = checked
    if (!reports?.isOpen) return false
    if (performance.now() - reports.heardAt < this.#options.intervalSeconds * INTERVALS_HEARD * 1000) return true
    // What holds it up would hold up the next one too.
    checked.isSilent = true
    reports.close()
    return false
  }

  /** A worker that was away may have come back with other hardware and other programs. */
  #wantsAll(worker: WorkerRow, {loads}: Checked): boolean {
    return Object.keys(worker.discovered).length === 0 || (this.#options.scope === 'all' && loads <= 0)
  }

  #track(under: Set<string>, worker: WorkerRow, work: () => Promise<void>): void {
    under.add(worker.id)
    work()
      .catch((error) => this.#options.logger[this.#stopping.signal.aborted ? 'debug' : 'info'](`${worker.name}: ${messageOf(error)}`))
      .finally(() => under.delete(worker.id))
  }
}

/** Workers that were connected together are not to say all they have together ever after. */
function loadsUntilNext(): number {
  return Math.floor(CHECKS_PER_PROBE * (0.5 + Math.random()))
}
