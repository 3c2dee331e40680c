import {setTimeout as delay} from 'node:timers/promises'
import type {RequestContext} from '../requests/request-context.js'
import {isEligible} from '../tasks/placement.js'
import type {Requirements} from '../tasks/task.js'
import {listWorkers} from '../workers/worker-store.js'
import {Coordinator} from './coordinator.js'

const TICK_MS = 200
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
  const events = {settled: (tasks: readonly unknown[]) => (finished += tasks.length)}
  const coordinator = await Coordinator.start({...context, kind: 'scheduler', events})
  try {
    const stopping = () => stop.aborted || coordinator.stopRequested
    while (!stopping() && !(drain && (await isDrained(context, coordinator)))) {
      await Promise.race([delay(TICK_MS, undefined, {signal: stop}).catch(() => {}), coordinator.failed])
    }
    coordinator.stopClaiming()
    const until = performance.now() + SHORT_TASK_MS
    while (coordinator.running > 0 && performance.now() < until) await Promise.race([delay(TICK_MS), coordinator.failed])
    if (coordinator.running > 0) context.logger.info(`${coordinator.running} tasks stay with their workers; the next scheduler looks after them`)
    return finished
  } finally {
    await coordinator.stop()
  }
}

async function isDrained({store, hostId}: RequestContext, coordinator: Coordinator): Promise<boolean> {
  if (coordinator.running > 0 || !coordinator.hasLooked) return false
  const rows = await store.query<{requirements: unknown}>(`SELECT DISTINCT requirements FROM tasks WHERE status = 'pending' AND submitter_id IS NULL`)
  if (rows.length === 0) return true
  const workers = (await listWorkers(store, hostId)).filter((worker) => worker.status !== 'failed')
  return !rows.some((row) => {
    const requirements = store.sql.json<Requirements>(row.requirements)
    return (requirements.host_id === undefined || requirements.host_id === hostId) && workers.some((worker) => isEligible(requirements, worker))
  })
}
