import {setTimeout as delay} from 'node:timers/promises'
import type {Store} from '../data/store.js'
import {HelixError} from '../errors/helix-error.js'
import {type CoordinatorKind, listCoordinators} from './coordinator-lease.js'

const POLL_MS = 200
const PATIENCE_MS = 30_000

/** The queue and who works on it. */
export interface SchedulerStatus {
  pending: number
  running: number
  coordinators: {id: string; kind: CoordinatorKind; hostname: string; pid: number; alive: boolean; running: number; started_at: string}[]
}

export async function schedulerStatus(store: Store, hostId: string): Promise<SchedulerStatus> {
  const [count] = await store.query<{pending: number; running: number}>(
    `SELECT (SELECT count(*) FROM tasks WHERE status = 'pending') AS pending, (SELECT count(*) FROM tasks WHERE status = 'running') AS running`,
  )
  const rows = await store.query<{coordinator_id: string; count: number}>(
    `SELECT coordinator_id, count(*) AS count FROM tasks WHERE status = 'running' GROUP BY coordinator_id`,
  )
  const running = new Map(rows.map((row) => [row.coordinator_id, Number(row.count)]))
  const coordinators = await listCoordinators(store, hostId)
  return {
    pending: Number(count?.pending),
    running: Number(count?.running),
    coordinators: coordinators.map(({id, kind, hostname, pid, alive, started_at}) => ({
      id,
      kind,
      hostname,
      pid,
      alive,
      running: running.get(id) ?? 0,
      started_at,
    })),
  }
}

/** Asks all living schedulers to stop and waits until they have. Resolves to how many there were. Throws `busy` after half a minute. */
export async function stopSchedulers(store: Store, hostId: string): Promise<number> {
  const living = async () => (await listCoordinators(store, hostId)).filter((one) => one.kind === 'scheduler' && one.alive)
  const asked = await living()
  if (asked.length === 0) return 0
  await store.query(`UPDATE coordinators SET stop_requested = ? WHERE kind = 'scheduler'`, [true])
  const ids = new Set(asked.map((one) => one.id))
  const until = performance.now() + PATIENCE_MS
  while ((await living()).some((one) => ids.has(one.id))) {
    if (performance.now() > until)
      throw new HelixError('busy', 'a scheduler has not stopped within 30 s', {code: 'SCHEDULER_BUSY', hint: 'See it with: helix scheduler status'})
    await delay(POLL_MS)
  }
  return ids.size
}
