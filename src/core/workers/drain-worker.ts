import type {Store} from '../data/store.js'
import {writeLog} from '../data/write-log.js'
import {localUsername} from '../ssh/expand-tokens.js'
import {probeWorker} from './probe-worker.js'
import type {WorkerRow} from './worker.js'
import {scriptEnvironment, type WorkerConnections} from './worker-connections.js'
import {storeProbe} from './worker-store.js'

/** Gives a worker no new tasks from now on; those that run there go on to their ends. Without a reason those who look at the pool read who did it. */
export async function drainWorker(store: Store, worker: WorkerRow, reason = `drained by ${localUsername()}`): Promise<void> {
  await store.query(`UPDATE workers SET status = 'maintenance', status_reason = ?, retry_at = NULL, updated_at = ${store.sql.now} WHERE id = ?`, [
    reason,
    worker.id,
  ])
  await writeLog(store, {level: 'info', event: 'worker.drained', message: `${worker.name}: ${reason}`, workerId: worker.id})
}

/**
 * Gives a worker tasks again, whatever kept it from them, once it has answered; what it has is looked at anew.
 * Rejects with why it cannot be used, and leaves it as it was.
 */
export async function activateWorker(store: Store, connections: WorkerConnections, worker: WorkerRow): Promise<void> {
  const probe = await probeWorker(await connections.get(worker), scriptEnvironment(worker))
  await storeProbe(store, worker.id, probe)
  await store.query(
    `UPDATE workers SET status = 'active', status_reason = NULL, retry_at = NULL, connect_failures = 0, losses = 0, updated_at = ${store.sql.now} WHERE id = ?`,
    [worker.id],
  )
  await writeLog(store, {level: 'info', event: 'worker.activated', message: worker.name, workerId: worker.id})
}
