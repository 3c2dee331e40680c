import {setTimeout as delay} from 'node:timers/promises'
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

// A task belongs to somebody while a coordinator with a lease has submitted it in the foreground or runs it.
async function isOrphaned({store}: RequestContext, ids: readonly string[]): Promise<boolean> {
  const rows = await store.query(
    `SELECT id FROM tasks WHERE id IN (${ids
      .slice(0, PAGE)
      .map(() => '?')
      .join(', ')})
       AND NOT EXISTS (SELECT 1 FROM coordinators c WHERE c.id = coalesce(tasks.coordinator_id, tasks.submitter_id) AND c.lease_expires_at > ${store.sql.now}) LIMIT 1`,
    ids.slice(0, PAGE),
  )
  return rows.length > 0
}
