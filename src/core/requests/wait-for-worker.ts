import {setTimeout as delay} from 'node:timers/promises'
import type {WorkerRow} from '../workers/worker.js'
import type {RequestContext} from './request-context.js'
import {waitForTasks} from './wait-for-tasks.js'

/** A coordinator that chose the worker just before it was drained has bound its tasks by then. */
const SETTLE_MS = 500

/** Waits until no task runs on a worker that gets no new ones. `report` hears how many are left, when that changes. */
export async function waitUntilIdle(context: RequestContext, worker: WorkerRow, report: (running: number) => void): Promise<void> {
  for (let idle = 0; idle < 2; ) {
    const ids = await listRunning(context, worker)
    idle = ids.length === 0 ? idle + 1 : 0
    if (idle === 1) await delay(SETTLE_MS)
    if (ids.length === 0) continue
    report(ids.length)
    // One at a time, so that the count is told as it falls.
    await waitForTasks(context, ids.slice(0, 1))
  }
}

async function listRunning({store}: RequestContext, worker: WorkerRow): Promise<string[]> {
  const rows = await store.query<{id: string}>(`SELECT id FROM tasks WHERE worker_id = ? AND status = 'running' ORDER BY seq`, [worker.id])
  return rows.map(({id}) => id)
}
