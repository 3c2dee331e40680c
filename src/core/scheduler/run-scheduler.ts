import {setTimeout as delay} from 'node:timers/promises'
import {untilPulse} from '../pulse.js'
import type {RequestContext} from '../requests/request-context.js'
import {watchSchedules} from '../schedules/watch-schedules.js'
import {isEligible} from '../tasks/placement.js'
import type {Requirements} from '../tasks/task.js'
import {listWorkers} from '../workers/worker-store.js'
import {Coordinator} from './coordinator.js'
import {listOwners} from './coordinator-lease.js'
import {keepHouse} from './keep-house.js'

const TICK_MS = 1000
const DRAIN_TICK_MS = 200
/** How long tasks that run when it is stopped may take to end. */
const SHORT_TASK_MS = 10_000

export interface SchedulerOptions {
  /** End when there is nothing left that a worker could run. */
  drain: boolean
  stop: AbortSignal
}

/** Runs the queue until it is stopped, here or by `helix scheduler stop`. Resolves to how many tasks ended under it. */
export async function runScheduler(context: RequestContext, {drain, stop}: SchedulerOptions): Promise<number> {
  let finished = 0
  const leases = new Map<string, string>()
  const events = {settled: (tasks: readonly unknown[]) => (finished += tasks.length)}
  const coordinator = await Coordinator.start({...context, kind: 'scheduler', events})
  const failing = new AbortController()
  coordinator.failed.catch((error) => failing.abort(error))
  const stopOrFailure = AbortSignal.any([stop, failing.signal])
  const pause = async (ms: number, signal: AbortSignal) => {
    await delay(ms, undefined, {signal}).catch(() => {})
    failing.signal.throwIfAborted()
  }
  const resting = new AbortController()
  void keepHouse(context, resting.signal)
  // One that is to end when the queue is empty would not with a schedule that goes on filling it.
  const schedules = drain ? undefined : watchSchedules(context, resting.signal, () => coordinator.wake())
  try {
    const stopping = () => stop.aborted || coordinator.stopRequested
    while (!stopping() && !(drain && (await isDrained(context, coordinator, leases)))) await pause(drain ? DRAIN_TICK_MS : untilPulse(TICK_MS), stopOrFailure)
    resting.abort()
    coordinator.stopClaiming()
    const until = performance.now() + SHORT_TASK_MS
    while (coordinator.running > 0 && performance.now() < until) await pause(DRAIN_TICK_MS, failing.signal)
    if (coordinator.running > 0) context.logger.info(`${coordinator.running} tasks stay with their workers; the next scheduler looks after them`)
    return finished
  } finally {
    resting.abort()
    await schedules
    await coordinator.stop()
  }
}

async function isDrained(context: RequestContext, coordinator: Coordinator, leases: Map<string, string>): Promise<boolean> {
  const {store, hostId} = context
  if (coordinator.running > 0 || !coordinator.hasLooked || (await hasSilentOwners(context, coordinator, leases))) return false
  const rows = await store.query<{requirements: unknown}>(`SELECT DISTINCT requirements FROM tasks WHERE status = 'pending' AND submitter_id IS NULL`)
  if (rows.length === 0) return true
  const workers = (await listWorkers(store, hostId)).filter((worker) => worker.status !== 'failed')
  return !rows.some((row) => {
    const requirements = store.sql.json<Requirements>(row.requirements)
    return (requirements.host_id === undefined || requirements.host_id === hostId) && workers.some((worker) => isEligible(requirements, worker))
  })
}

// A coordinator that was killed elsewhere looks alive until its lease ends. One that renews it is; what the others own is waited for.
async function hasSilentOwners({store, hostId}: RequestContext, coordinator: Coordinator, leases: Map<string, string>): Promise<boolean> {
  let silent = false
  for (const {id, seen, lease_expires_at: lease} of await listOwners(store, coordinator.id, hostId)) {
    const first = leases.get(id) ?? lease
    leases.set(id, first)
    if (!seen && lease === first) silent = true
  }
  return silent
}
