import {query} from '../data/sql.js'
import {messageOf} from '../errors/helix-error.js'
import {removeTaskFolders} from '../workers/attempt-protocol.js'
import type {WorkerRow} from '../workers/worker.js'
import {scriptEnvironment} from '../workers/worker-connections.js'
import {listWorkers} from '../workers/worker-store.js'
import type {RequestContext} from './request-context.js'

const PAGE = 500

/** What pruning needs of the context of a request. */
export type PruneContext = Pick<RequestContext, 'store' | 'connections' | 'spool' | 'hostId'>

/** A worker that could not be reached; what it keeps stays until it can. */
export interface LeftBehind {
  worker: string
  reason: string
}

export interface PrunedTasks {
  /** How many tasks were, or would be, removed. */
  tasks: number
  left_behind: LeftBehind[]
}

/** SQL that holds for a task which has ended and which none that is still to run needs. */
export const FORGETTABLE = `status IN ('completed', 'failed', 'cancelled')
    AND NOT EXISTS (SELECT 1 FROM task_dependencies d JOIN tasks n ON n.id = d.task_id WHERE d.needs_id = tasks.id AND n.status IN ('pending', 'running'))`

/** Removes tasks that ended at least so many seconds ago: their rows, their folders on workers, and their requests' files here. */
export async function pruneTasks(context: PruneContext, olderThanSeconds: number, dryRun: boolean): Promise<PrunedTasks> {
  const {store, hostId} = context
  const old = `completed_at <= ${store.sql.afterSeconds} AND ${FORGETTABLE}`
  const rows = await store.query<{id: string}>(`SELECT id FROM tasks WHERE ${old}`, [-olderThanSeconds])
  if (dryRun) return {tasks: rows.length, left_behind: []}
  const ids = new Set(rows.map((row) => row.id))
  const leftBehind: PrunedTasks['left_behind'] = []
  for (const worker of await listWorkers(store, hostId)) {
    const attempts = await store.query<{task_id: string}>(
      `SELECT DISTINCT task_id FROM task_attempts WHERE worker_id = ? AND task_id IN (SELECT id FROM tasks WHERE ${old})`,
      [worker.id, -olderThanSeconds],
    )
    const onWorker = attempts.map((row) => row.task_id)
    try {
      await removeFolders(context, worker, onWorker)
    } catch (error) {
      leftBehind.push({worker: worker.name, reason: messageOf(error)})
      for (const id of onWorker) ids.delete(id)
    }
  }
  await deleteRows(context, [...ids])
  return {tasks: ids.size, left_behind: leftBehind}
}

async function removeFolders({store, connections}: PruneContext, worker: WorkerRow, taskIds: readonly string[]): Promise<void> {
  if (taskIds.length === 0) return
  await removeTaskFolders(await connections.get(worker), await store.id(), taskIds, scriptEnvironment(worker))
}

async function deleteRows({store, spool}: PruneContext, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += PAGE) {
    const page = JSON.stringify(ids.slice(from, from + PAGE))
    // On PostgreSQL nothing ties them to their tasks: that would have to be checked for each attempt.
    await store.query(`DELETE FROM task_attempts WHERE task_id IN ${store.sql.ids}`, [page])
    const removed = await store.query<{request_id: string}>(`DELETE FROM tasks WHERE id IN ${store.sql.ids} RETURNING request_id`, [page])
    // Only theirs: another request without tasks may be about to get some.
    const requests = JSON.stringify([...new Set(removed.map((task) => task.request_id))])
    await store.write(async (trx) => {
      // Whoever adds tasks to one of them holds it: then it has them by the next statement.
      if (store.sql.forUpdate) await query(trx, `SELECT id FROM requests WHERE id IN ${store.sql.ids} ORDER BY id ${store.sql.forUpdate}`, [requests])
      const empty = await query<{id: string}>(
        trx,
        `DELETE FROM requests WHERE id IN ${store.sql.ids} AND ${hasNone("<> 'running'")} AND ${hasNone("= 'running'")} RETURNING id`,
        [requests],
      )
      for (const {id} of empty) await spool.remove(id)
    })
  }
}

// PostgreSQL finds tasks that run by another index than the others, and both at once only by reading all.
function hasNone(status: string): string {
  return `NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.request_id = requests.id AND tasks.status ${status})`
}
