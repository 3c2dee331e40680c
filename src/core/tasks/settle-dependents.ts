import type {Knex} from 'knex'
import {NO_INDEX_ON_STATUS, query} from '../data/sql.js'
import type {Store} from '../data/store.js'
import type {SettledTask} from './complete-attempts.js'

interface EndedDependent extends SettledTask {
  has_dependents: boolean
}

/** A task `n` that was not needed: cancelled by what its needs came to, not by a user. */
const NOT_NEEDED = `(n.status = 'cancelled' AND n.failure_kind = 'dependency')`
/** A task `n` that was to run and did not complete. */
const DID_NOT_COMPLETE = `(n.status = 'failed' OR (n.status = 'cancelled' AND coalesce(n.failure_kind, '') <> 'dependency'))`

/**
 * Lets dependents of ended tasks go on: one less to wait for; failed as `dependency` where a task that must succeed did not;
 * cancelled as `dependency` where they are not needed: they wait for a failure that did not happen, or for one that was not needed.
 * Resolves to those that ended, and to those that ended because of them in turn.
 */
export async function settleDependents(trx: Knex, store: Store, endedIds: readonly string[]): Promise<SettledTask[]> {
  const settled: SettledTask[] = []
  let ended = endedIds
  while (ended.length > 0) {
    const list = JSON.stringify(ended)
    const over = await endForWantOfSuccess(trx, store, list)
    await query(
      trx,
      `UPDATE tasks SET blocked_by = blocked_by - met.count
       FROM (SELECT task_id, count(*) AS count FROM task_dependencies WHERE needs_id IN ${store.sql.ids} GROUP BY task_id) AS met
       WHERE tasks.id = met.task_id AND ${NO_INDEX_ON_STATUS} = 'pending'`,
      [list],
    )
    over.push(...(await endForWantOfFailure(trx, store, list)))
    settled.push(...over.map(({id, status}) => ({id, status})))
    ended = over.filter((task) => task.has_dependents).map((task) => task.id)
  }
  return settled
}

function endForWantOfSuccess(trx: Knex, store: Store, list: string): Promise<EndedDependent[]> {
  return query<EndedDependent>(
    trx,
    `UPDATE tasks SET status = CASE WHEN needed.broken IS NULL THEN 'cancelled' ELSE 'failed' END, failure_kind = 'dependency', completed_at = ${store.sql.now},
       error_message = coalesce('a task that it needs did not complete: ' || needed.broken, 'not needed: it needs ' || needed.idle || ', which was not needed')
     FROM (SELECT d.task_id, min(CASE WHEN ${DID_NOT_COMPLETE} THEN coalesce(n.name, CAST(n.id AS text)) END) AS broken, min(coalesce(n.name, CAST(n.id AS text))) AS idle
           FROM task_dependencies d JOIN tasks n ON n.id = d.needs_id
           WHERE d.needs_id IN ${store.sql.ids} AND d.condition = 'success' AND n.status IN ('failed', 'cancelled') GROUP BY d.task_id) AS needed
     WHERE tasks.id = needed.task_id AND ${NO_INDEX_ON_STATUS} = 'pending' RETURNING tasks.id, tasks.status, tasks.has_dependents`,
    [list],
  )
}

// A statement of its own, after the counting: on PostgreSQL it sees what another coordinator stored while the counting waited for it.
function endForWantOfFailure(trx: Knex, store: Store, list: string): Promise<EndedDependent[]> {
  return query<EndedDependent>(
    trx,
    `UPDATE tasks SET status = 'cancelled', failure_kind = 'dependency', completed_at = ${store.sql.now},
       error_message = CASE WHEN waiting.idle IS NULL THEN 'not needed: everything that it needs completed' ELSE 'not needed: it waits for a failure of ' || waiting.idle || ', which was not needed' END
     FROM (SELECT d.task_id, min(CASE WHEN ${NOT_NEEDED} THEN coalesce(n.name, CAST(n.id AS text)) END) AS idle, max(CASE WHEN ${DID_NOT_COMPLETE} THEN 1 ELSE 0 END) AS broken
           FROM task_dependencies d JOIN tasks n ON n.id = d.needs_id
           WHERE d.condition = 'failure' AND d.task_id IN (
             SELECT e.task_id FROM task_dependencies e JOIN tasks t ON t.id = e.task_id WHERE e.needs_id IN ${store.sql.ids} AND t.blocked_by = 0)
           GROUP BY d.task_id) AS waiting
     WHERE tasks.id = waiting.task_id AND waiting.broken = 0 AND ${NO_INDEX_ON_STATUS} = 'pending'
     RETURNING tasks.id, tasks.status, tasks.has_dependents`,
    [list],
  )
}
