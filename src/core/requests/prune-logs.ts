import {messageOf} from '../errors/helix-error.js'
import {removeTaskFolders} from '../workers/attempt-protocol.js'
import {measureTaskFolders} from '../workers/measure-folders.js'
import type {WorkerRow} from '../workers/worker.js'
import {scriptEnvironment} from '../workers/worker-connections.js'
import {listWorkers} from '../workers/worker-store.js'
import {FORGETTABLE, type LeftBehind, type PruneContext, pruneTasks} from './prune-tasks.js'

const INTERVAL_SECONDS = 3600
const DAY_SECONDS = 86_400

/** How long and how much workers keep of tasks that have ended. */
export interface Retention {
  days: number
  /** On each worker. */
  bytes: number
}

export interface PrunedLogs {
  /** Tasks whose folders were, or would be, removed from a worker; what the store has of them stays. */
  logs: number
  left_behind: LeftBehind[]
}

/**
 * Removes what is past its time, and then the logs of the oldest ended tasks of each worker that keeps more than it may. At most
 * once an hour for each store, whichever coordinators ask; resolves to undefined when it is not time.
 */
export async function pruneByRetention(context: PruneContext, {days, bytes}: Retention): Promise<(PrunedLogs & {tasks: number}) | undefined> {
  const {sql} = context.store
  const claimed = await context.store.query(
    `INSERT INTO configurations (scope, key, value, updated_at) VALUES ('store', 'pruned', 'true', ${sql.now})
     ON CONFLICT (scope, key) DO UPDATE SET updated_at = excluded.updated_at WHERE configurations.updated_at <= ${sql.afterSeconds} RETURNING key`,
    [-INTERVAL_SECONDS],
  )
  if (claimed.length === 0) return undefined
  const old = await pruneTasks(context, days * DAY_SECONDS, false)
  const large = await pruneLogs(context, bytes, false)
  return {tasks: old.tasks, logs: large.logs, left_behind: [...old.left_behind, ...large.left_behind]}
}

/** Removes the folders of the oldest ended tasks from each worker until what it keeps takes no more than so many bytes. */
export async function pruneLogs(context: PruneContext, keepBytes: number, dryRun: boolean): Promise<PrunedLogs> {
  const {store, hostId} = context
  const pruned: PrunedLogs = {logs: 0, left_behind: []}
  for (const worker of await listWorkers(store, hostId)) {
    // Nobody waits for the answer of one that is known to be away.
    if (worker.status === 'inactive' || worker.status === 'failed') continue
    try {
      pruned.logs += await pruneWorker(context, worker, keepBytes, dryRun)
    } catch (error) {
      pruned.left_behind.push({worker: worker.name, reason: messageOf(error)})
    }
  }
  return pruned
}

async function pruneWorker({store, connections}: PruneContext, worker: WorkerRow, keepBytes: number, dryRun: boolean): Promise<number> {
  const transport = await connections.get(worker)
  const environment = scriptEnvironment(worker)
  const storeId = await store.id()
  const sizes = await measureTaskFolders(transport, storeId, environment)
  let bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  if (bytes <= keepBytes) return 0
  const ended = await store.query<{id: string}>(
    `SELECT id FROM tasks WHERE ${FORGETTABLE} AND id IN (SELECT task_id FROM task_attempts WHERE worker_id = ?) ORDER BY completed_at, seq`,
    [worker.id],
  )
  const ids: string[] = []
  for (const {id} of ended) {
    if (bytes <= keepBytes) break
    const size = sizes.get(id)
    if (size === undefined) continue
    bytes -= size
    ids.push(id)
  }
  if (!dryRun && ids.length > 0) await removeTaskFolders(transport, storeId, ids, environment)
  return ids.length
}
