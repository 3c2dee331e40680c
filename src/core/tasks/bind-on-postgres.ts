import type {Row} from '../data/sql.js'
import type {Store} from '../data/store.js'
import {type PlacedClass, RESOURCES, type Room, type Usage, usageOf} from './placement.js'
import {type ClaimScope, READY_ORDER, type ReadyTasks, readyBindings, readyCondition} from './ready-classes.js'
import {RUNNING_COLUMNS} from './task.js'

/** A task that was bound: its `RUNNING_COLUMNS`, and which of the placements of its class it took. */
export type BoundTask = Row & {placement_key: string; nth: number}

/** Binds the first tasks of each class to the workers chosen for them, where they are active and still have the room, in one statement. */
export function bindOnPostgres(store: Store, ready: ReadyTasks, placed: readonly PlacedClass[], endedOf: (workerId: string) => Usage): Promise<BoundTask[]> {
  const workers = new Map<string, {number: number; row: Row}>()
  const numberOf = ({worker, limits}: Room) => {
    let known = workers.get(worker.id)
    if (!known) {
      // The others have no end; JSON has no infinity, and null compares with nothing.
      const ended = endedOf(worker.id)
      const most = Object.fromEntries(RESOURCES.map((name) => [name, Number.isFinite(limits[name]) ? limits[name] + ended[name] : null]))
      known = {number: workers.size, row: {w: workers.size, id: worker.id, ...most}}
      workers.set(worker.id, known)
    }
    return known.number
  }
  const classes = placed.map(({ready: {key, requirements}, rooms}) => ({k: key, places: rooms.map(numberOf), ...usageOf(requirements)}))
  return store.prepared<BoundTask>(BIND[ready.scope], [
    JSON.stringify(classes),
    ...readyBindings(ready),
    JSON.stringify([...workers.values()].map(({row}) => row)),
    ready.coordinatorId,
  ])
}

function bindStatement(scope: ClaimScope): string {
  return `WITH classes AS (
    SELECT * FROM json_to_recordset(?::json) AS r(k text, places integer[], cpus double precision, memory_bytes double precision, gpus double precision)
  ), places AS MATERIALIZED (
    SELECT t.id, t.n, c.places[t.n] AS w, c.cpus, c.memory_bytes, c.gpus
    FROM classes c CROSS JOIN LATERAL (
      SELECT id, row_number() OVER () AS n FROM (
        SELECT id FROM tasks WHERE ${readyCondition(scope)} AND placement_key = c.k AND available_at <= clock_timestamp()
        ORDER BY ${READY_ORDER} LIMIT cardinality(c.places) FOR UPDATE SKIP LOCKED
      ) AS first
    ) t
  ), wanted AS (
    SELECT s.*, w.id AS worker_id, w.slots AS most_slots, w.cpus AS most_cpus, w.memory_bytes AS most_memory_bytes, w.gpus AS most_gpus
    FROM (SELECT w, count(*) AS slots, sum(cpus) AS cpus, sum(memory_bytes) AS memory_bytes, sum(gpus) AS gpus FROM places GROUP BY w) s
    JOIN json_to_recordset(?::json) AS w(w integer, id uuid, slots double precision, cpus double precision, memory_bytes double precision, gpus double precision)
    ON w.w = s.w
  ), locked AS (
    SELECT worker_id FROM worker_claims WHERE worker_id = ANY (ARRAY(SELECT worker_id FROM wanted)) ORDER BY worker_id FOR UPDATE
  ), granted AS (
    UPDATE worker_claims c SET ${RESOURCES.map((name) => `${name} = c.${name} + w.${name}`).join(', ')}
    FROM wanted w WHERE c.worker_id = w.worker_id AND c.worker_id = ANY (ARRAY(SELECT worker_id FROM locked))
      AND EXISTS (SELECT 1 FROM workers WHERE workers.id = c.worker_id AND workers.status = 'active')
      AND ${RESOURCES.map((name) => `(w.most_${name} IS NULL OR w.${name} = 0 OR c.${name} + w.${name} <= w.most_${name} + 1e-6)`).join(' AND ')}
    RETURNING w.w, w.worker_id
  ), bound AS (
    UPDATE tasks SET status = 'running', worker_id = g.worker_id, coordinator_id = ?, attempt = attempt + 1, started_at = clock_timestamp(),
      error_message = NULL, failure_kind = NULL, exit_code = NULL, signal = NULL
    FROM places p JOIN granted g ON g.w = p.w WHERE tasks.id = p.id
    RETURNING ${RUNNING_COLUMNS.map((name) => `tasks.${name}`).join(', ')}, tasks.placement_key, CAST(p.n - 1 AS integer) AS nth
  )
  SELECT * FROM bound`
}

const BIND: Record<ClaimScope, string> = {own: bindStatement('own'), unowned: bindStatement('unowned')}
