import {setTimeout as delay} from 'node:timers/promises'
import {listCoordinators} from '../scheduler/coordinator-lease.js'
import {isTerminal, type TaskStatus} from '../tasks/task.js'
import type {RequestContext} from './request-context.js'
import {ensureScheduler} from './submit-request.js'

const POLL_MS = 250
const PAGE = 1000

/** Waits until all of these tasks have ended; starts a scheduler when nobody would run those that are still to run. */
export async function waitForTasks(context: RequestContext, ids: readonly string[]): Promise<void> {
  let open = [...ids]
  for (let round = 0; ; round++) {
    open = await stillOpen(context, open)
    if (open.length === 0) return
    if (round % 20 === 0 && (await isOrphaned(context, open))) await ensureScheduler(context)
    await delay(POLL_MS)
  }
}

async function stillOpen({store}: RequestContext, ids: readonly string[]): Promise<string[]> {
  const open: string[] = []
  for (let from = 0; from < ids.length; from += PAGE) {
    const page = ids.slice(from, from + PAGE)
    const rows = await store.query<{id: string; status: TaskStatus}>(`SELECT id, status FROM tasks WHERE id IN (${page.map(() => '?').join(', ')})`, page)
    open.push(...rows.filter((row) => !isTerminal(row.status)).map((row) => row.id))
  }
  return open
}

/** Whether nobody living looks after one of these tasks. */
async function isOrphaned({store, hostId}: RequestContext, ids: readonly string[]): Promise<boolean> {
  const page = ids.slice(0, PAGE)
  const rows = await store.query<{owner: string | null}>(
    `SELECT DISTINCT coalesce(coordinator_id, submitter_id) AS owner FROM tasks WHERE id IN (${page.map(() => '?').join(', ')}) AND status IN ('pending', 'running')`,
    page,
  )
  if (rows.length === 0) return false
  const living = new Set((await listCoordinators(store, hostId)).filter((coordinator) => coordinator.alive).map((coordinator) => coordinator.id))
  return rows.some(({owner}) => owner === null || !living.has(owner))
}
