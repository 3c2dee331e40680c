import {hostname} from 'node:os'
import {query} from '../data/sql.js'
import type {Store} from '../data/store.js'
import {isProcessAlive, type ProcessIdentity} from '../process-identity.js'
import {RUNNING_COLUMNS, type RunningTask} from '../tasks/task.js'
import {readTaskRow} from '../tasks/task-rows.js'

/** Seconds that a coordinator owns its tasks after each renewal. */
export const LEASE_SECONDS = 30
/** Seconds between renewals. */
export const RENEW_SECONDS = 10

export type CoordinatorKind = 'foreground' | 'scheduler'

/** A row of `coordinators`. */
export interface CoordinatorRow {
  id: string
  kind: CoordinatorKind
  host_id: string
  hostname: string
  pid: number
  process_start: string
  boot_id: string
  stop_requested: boolean | number
  lease_expires_at: string
  started_at: string
}

/** Makes a process known as a coordinator that owns its tasks until the lease ends. */
export async function registerCoordinator(store: Store, id: string, kind: CoordinatorKind, hostId: string, identity: ProcessIdentity): Promise<void> {
  await store.query(
    `INSERT INTO coordinators (id, kind, host_id, hostname, pid, process_start, boot_id, lease_expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ${store.sql.afterSeconds})
     ON CONFLICT (id) DO UPDATE SET lease_expires_at = excluded.lease_expires_at`,
    [id, kind, hostId, hostname(), identity.pid, identity.processStart, identity.bootId, LEASE_SECONDS],
  )
}

/** Renews the lease of all of a coordinator's tasks at once. False when it had already ended: others may own them by now. */
export async function renewLease(store: Store, id: string): Promise<boolean> {
  const rows = await store.query(
    `UPDATE coordinators SET lease_expires_at = ${store.sql.afterSeconds} WHERE id = ? AND lease_expires_at > ${store.sql.now} RETURNING id`,
    [LEASE_SECONDS, id],
  )
  return rows.length > 0
}

/** Gives a coordinator that lost its lease, and came back under a new id, what nobody has adopted in the meantime. */
export async function retakeTasks(store: Store, oldId: string, newId: string): Promise<void> {
  await store.write(async (trx) => {
    await query(trx, `UPDATE tasks SET coordinator_id = ? WHERE coordinator_id = ? AND status = 'running'`, [newId, oldId])
    await query(trx, `UPDATE tasks SET submitter_id = ? WHERE submitter_id = ? AND status = 'pending'`, [newId, oldId])
    await query(trx, 'DELETE FROM coordinators WHERE id = ?', [oldId])
  })
}

/** Takes a coordinator off the list; what it still owns can be adopted at once. */
export async function unregisterCoordinator(store: Store, id: string): Promise<void> {
  await store.query(`UPDATE tasks SET submitter_id = NULL WHERE submitter_id = ? AND status = 'pending'`, [id])
  await store.query('DELETE FROM coordinators WHERE id = ?', [id])
}

/** All coordinators with a lease, and whether each is alive as far as this machine can tell. */
export async function listCoordinators(store: Store, hostId: string): Promise<(CoordinatorRow & {alive: boolean})[]> {
  const rows = await store.prepared<CoordinatorRow & {leased: boolean | number}>(
    `SELECT *, lease_expires_at > ${store.sql.now} AS leased FROM coordinators ORDER BY started_at`,
  )
  return rows.map((row) => ({...row, alive: Boolean(row.leased) && !isGone(store, row, hostId)}))
}

/** Other coordinators that own tasks which this machine could take over, and whether their process is seen to be alive here. */
export async function listOwners(store: Store, id: string, hostId: string): Promise<(CoordinatorRow & {seen: boolean})[]> {
  const rows = await store.query<CoordinatorRow>(
    `SELECT * FROM coordinators c WHERE c.id <> ? AND EXISTS (
       SELECT 1 FROM tasks t WHERE (t.requirements->>'host_id' IS NULL OR t.requirements->>'host_id' = ?)
         AND ((t.status = 'running' AND t.coordinator_id = c.id) OR (t.status = 'pending' AND t.submitter_id = c.id)))`,
    [id, hostId],
  )
  return rows.map((row) => ({...row, seen: row.host_id === hostId && isProcessAlive({pid: row.pid, processStart: row.process_start, bootId: row.boot_id})}))
}

/** Whether tasks are running that nobody living looks after: they take up slots until a scheduler adopts them. */
export async function hasOrphans(store: Store, hostId: string): Promise<boolean> {
  const rows = await store.query<{coordinator_id: string | null}>(`SELECT DISTINCT coordinator_id FROM tasks WHERE status = 'running'`)
  const living = new Set((await listCoordinators(store, hostId)).filter((one) => one.alive).map((one) => one.id))
  return rows.some((row) => row.coordinator_id === null || !living.has(row.coordinator_id))
}

/**
 * Takes over the running tasks of coordinators that are gone, and lets go of what they had submitted but not started.
 * With SQLite a coordinator is gone as soon as its process is; everywhere when its lease has ended.
 */
export async function adoptTasks(store: Store, adopterId: string, hostId: string): Promise<RunningTask[]> {
  const coordinators = await listCoordinators(store, hostId)
  const gone = coordinators.filter((row) => !row.alive && row.id !== adopterId).map((row) => row.id)
  if (gone.length === 0 && !(await hasOthersTasks(store, adopterId))) return []
  const goneMarks = gone.map(() => '?').join(', ') || 'NULL'
  const rows = await store.write(async (trx) => {
    // A coordinator that stopped in good order is no longer on the list, and its long tasks may still run. Where they run again, it is not for it.
    const adopted = await query(
      trx,
      `UPDATE tasks SET coordinator_id = ?, submitter_id = NULL
       WHERE status = 'running' AND coordinator_id <> ? AND (requirements->>'host_id' IS NULL OR requirements->>'host_id' = ?)
         AND (coordinator_id IN (${goneMarks}) OR NOT EXISTS (SELECT 1 FROM coordinators c WHERE c.id = tasks.coordinator_id AND c.lease_expires_at > ${store.sql.now}))
       RETURNING ${RUNNING_COLUMNS.join(', ')}`,
      [adopterId, adopterId, hostId, ...gone],
    )
    // An older Helix may have started them, which wrote attempts down at once; this one does when they have ended.
    await query(trx, `DELETE FROM task_attempts WHERE status = 'running' AND task_id IN ${store.sql.ids}`, [JSON.stringify(adopted.map(({id}) => id))])
    await query(
      trx,
      `UPDATE tasks SET submitter_id = NULL
       WHERE status = 'pending' AND submitter_id IS NOT NULL
         AND (submitter_id IN (${goneMarks}) OR NOT EXISTS (SELECT 1 FROM coordinators c WHERE c.id = tasks.submitter_id AND c.lease_expires_at > ${store.sql.now}))`,
      gone,
    )
    await query(
      trx,
      `DELETE FROM coordinators WHERE id IN (${goneMarks}) AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.coordinator_id = coordinators.id AND tasks.status = 'running')`,
      gone,
    )
    return adopted
  })
  return rows.map((row) => readTaskRow(store.sql, row))
}

/** Whether there is any task that another coordinator runs or has submitted for itself: on most looks there is none. */
async function hasOthersTasks(store: Store, id: string): Promise<boolean> {
  const rows = await store.prepared(
    `SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM tasks WHERE status = 'running' AND coordinator_id <> ?)
       OR EXISTS (SELECT 1 FROM tasks WHERE status = 'pending' AND submitter_id IS NOT NULL)`,
    [id],
  )
  return rows.length > 0
}

function isGone(store: Store, row: CoordinatorRow, hostId: string): boolean {
  if (store.dialect !== 'sqlite' || row.host_id !== hostId) return false
  return !isProcessAlive({pid: row.pid, processStart: row.process_start, bootId: row.boot_id})
}
