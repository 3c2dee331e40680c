import {messageOf} from '../errors/helix-error.js'
import type {RequestContext} from '../requests/request-context.js'
import {readPolicy} from '../tasks/task-policy.js'
import {killAttempt} from '../workers/attempt-protocol.js'
import type {WorkerRow} from '../workers/worker.js'
import {scriptEnvironment} from '../workers/worker-connections.js'
import {listWorkers} from '../workers/worker-store.js'
import {GIVEN_UP} from './attempt-end.js'

const ENDED = 'it was ended once its worker was back; '
/** A worker that has been away for longer has most likely been set up anew. */
const REMEMBERED_SECONDS = 14 * 24 * 3600
const AT_ONCE = 100

interface LostAttempt {
  task_id: string
  attempt: number
  worker_id: string
  retry_policy: unknown
}

/**
 * Ends attempts that were given up while their workers were away, on the workers that can be reached now: whoever gave them up
 * may be gone, and another attempt may have taken their place. What a worker has confirmed is not asked of it again.
 */
export async function endLostAttempts(context: RequestContext): Promise<void> {
  const {store, hostId} = context
  const rows = await store.query<LostAttempt>(
    `SELECT a.task_id, a.attempt, a.worker_id, t.retry_policy FROM task_attempts a JOIN tasks t ON t.id = a.task_id
     WHERE a.status = 'failed' AND a.failure_kind = 'host' AND a.error_message LIKE ? AND a.completed_at > ${store.sql.afterSeconds} LIMIT ${AT_ONCE}`,
    [`${GIVEN_UP}%`, -REMEMBERED_SECONDS],
  )
  if (rows.length === 0) return
  const workers = new Map((await listWorkers(store, hostId)).map((worker) => [worker.id, worker]))
  const lost = Map.groupBy(rows, (row) => workers.get(row.worker_id))
  await Promise.all([...lost].map(([worker, attempts]) => worker && endOn(context, worker, attempts)))
}

async function endOn({store, connections, logger}: RequestContext, worker: WorkerRow, attempts: readonly LostAttempt[]): Promise<void> {
  try {
    const transport = await connections.get(worker)
    const storeId = await store.id()
    for (const {task_id: taskId, attempt, retry_policy} of attempts) {
      const {grace_seconds: grace} = readPolicy(store.sql.json(retry_policy))
      if (!(await killAttempt(transport, {storeId, taskId, attempt}, grace, scriptEnvironment(worker)))) continue
      await store.query('UPDATE task_attempts SET error_message = ? || error_message WHERE task_id = ? AND attempt = ?', [ENDED, taskId, attempt])
    }
  } catch (error) {
    logger.debug(`attempts that were given up on ${worker.name}: ${messageOf(error)}`)
  }
}
