import {setTimeout as delay} from 'node:timers/promises'
import type {Store} from '../data/store.js'

const POLL_MS = 100

/**
 * Cancels those of a request's tasks that have not started, and waits until those that run have ended. One that fails meanwhile
 * is not tried again. Only for tasks that no other task needs.
 */
export async function stopStarting(store: Store, requestId: string): Promise<void> {
  for (;;) {
    await store.query(
      `UPDATE tasks SET status = 'cancelled', cancel_requested_at = ${store.sql.now}, completed_at = ${store.sql.now} WHERE request_id = ? AND status = 'pending'`,
      [requestId],
    )
    const [running] = await store.query(`SELECT id FROM tasks WHERE request_id = ? AND status = 'running' LIMIT 1`, [requestId])
    if (!running) return
    await delay(POLL_MS)
  }
}
