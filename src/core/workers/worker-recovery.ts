import {query} from '../data/sql.js'
import type {Store} from '../data/store.js'
import type {WorkerRow} from './worker.js'
import {MOST_LOSSES, readWorkerRow} from './worker-store.js'

/** A connection that lasted so long was a good one: the losses before it are forgotten. */
const STABLE_SECONDS = 120
/** Coordinators that lose a worker within this time, before it is back, count as one loss. */
const SAME_LOSS_SECONDS = 5
const FIRST_RETRY_SECONDS = 1
const FIRST_REST_SECONDS = 30
const LONGEST_REST_SECONDS = 600
/** A coordinator that has taken it upon itself to try a worker again does so within this time, or leaves it to others. */
const RETRY_CLAIM_SECONDS = 45

/**
 * Records that a worker's connection was lost after it had lasted `livedSeconds`. It is tried again at once; one that is
 * lost again and again is left alone, each time for longer.
 */
export function markLost(store: Store, id: string, reason: string, livedSeconds: number): Promise<void> {
  const {sql} = store
  return store.write(async (trx) => {
    // A connection older than the last loss went with it, however late that is noticed; one that was opened since then is a loss of its own.
    const [row] = await query<{losses: number; is_same: number | boolean | null}>(
      trx,
      `SELECT losses, lost_at > ${sql.afterSeconds} OR (status = 'inactive' AND lost_at > ${sql.afterSeconds}) AS is_same
         FROM workers WHERE id = ? AND status IN ('active', 'inactive') ${sql.forUpdate}`,
      [-livedSeconds.toFixed(3), -SAME_LOSS_SECONDS, id],
    )
    if (!row) return
    const before = livedSeconds >= STABLE_SECONDS ? 0 : row.losses
    const losses = row.is_same ? Math.max(1, row.losses) : before + 1
    const rest = restSeconds(losses)
    await query(
      trx,
      `UPDATE workers SET status = 'inactive', status_reason = ?, retry_at = ${sql.afterSeconds}, losses = ?, lost_at = ${sql.now},
         connect_failures = connect_failures + 1 WHERE id = ?`,
      [losses < MOST_LOSSES ? reason : `${reason}; that was loss ${losses} in a row, so it is left alone until ${timeAfter(rest)}`, rest, losses, id],
    )
  })
}

/**
 * Takes an inactive worker whose time has come, so that one coordinator tries it and not all of them at once.
 * Undefined when it is not its time, or another was faster.
 */
export async function claimRetry(store: Store, id: string): Promise<WorkerRow | undefined> {
  const {now, afterSeconds} = store.sql
  const [row] = await store.query(
    `UPDATE workers SET retry_at = ${afterSeconds} WHERE id = ? AND status = 'inactive' AND (retry_at IS NULL OR retry_at <= ${now}) RETURNING *`,
    [RETRY_CLAIM_SECONDS, id],
  )
  return row && readWorkerRow(store.sql, row)
}

/** Records that a worker which was tried again can be used. */
export async function markRevived(store: Store, id: string): Promise<void> {
  await store.query(`UPDATE workers SET status = 'active', status_reason = NULL, retry_at = NULL, connect_failures = 0 WHERE id = ? AND status = 'inactive'`, [
    id,
  ])
}

/** Ids of the inactive workers whose time has come. */
export async function listRetries(store: Store, hostId: string, limit: number): Promise<string[]> {
  const rows = await store.prepared<{id: string}>(
    `SELECT id FROM workers WHERE status = 'inactive' AND host_id IN ('', ?) AND (retry_at IS NULL OR retry_at <= ${store.sql.now}) ORDER BY retry_at NULLS FIRST LIMIT ?`,
    [hostId, limit],
  )
  return rows.map(({id}) => id)
}

function restSeconds(losses: number): number {
  // Spread, so that workers that were lost together do not all come back in the same second.
  const spread = 0.5 + Math.random() / 2
  if (losses < MOST_LOSSES) return FIRST_RETRY_SECONDS * spread
  return Math.round(Math.min(LONGEST_REST_SECONDS, FIRST_REST_SECONDS * 2 ** Math.min(10, losses - MOST_LOSSES)) * spread)
}

function timeAfter(seconds: number): string {
  return `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`
}
