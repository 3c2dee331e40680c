import type {RunStatement} from '../data/prepared.js'
import type {Row} from '../data/sql.js'
import type {Store} from '../data/store.js'
import type {BoundTask} from './bind-on-postgres.js'
import {type PlacedClass, RESOURCES, type Room, type Usage, usageOf} from './placement.js'
import {READY_INDEX, READY_ORDER, type ReadyTasks, readyBindings, readyCondition} from './ready-classes.js'
import {RUNNING_COLUMNS} from './task.js'

interface Place {
  id: string
  nth: number
  room: Room
  usage: Usage
}

/** Binds the first tasks of each class to the workers chosen for them, where they are active and still have the room, in one transaction. */
export function bindOnSqlite(store: Store, ready: ReadyTasks, placed: readonly PlacedClass[], endedOf: (workerId: string) => Usage): Promise<BoundTask[]> {
  return store.immediate((run) => {
    const places = placed.flatMap((one) => pickTasks(run, store, ready, one))
    const granted = new Set<Room>()
    for (const [room, wanted] of sumByRoom(places)) if (grant(run, room, wanted, endedOf(room.worker.id))) granted.add(room)
    return places.filter(({room}) => granted.has(room)).flatMap((place) => bindPlace(run, store, ready.coordinatorId, place))
  })
}

function pickTasks(run: RunStatement, store: Store, ready: ReadyTasks, {ready: {key, requirements}, rooms}: PlacedClass): Place[] {
  const picked = run<{id: string}>(
    `SELECT id FROM tasks ${store.sql.by(READY_INDEX)} WHERE ${readyCondition(ready.scope)} AND placement_key = ? AND available_at <= ${store.sql.now} ORDER BY ${READY_ORDER} LIMIT ?`,
    [...readyBindings(ready), key, rooms.length],
  )
  const usage = usageOf(requirements)
  return picked.flatMap(({id}, nth) => {
    const room = rooms[nth]
    return room ? [{id, nth, room, usage}] : []
  })
}

function sumByRoom(places: readonly Place[]): Map<Room, Usage> {
  const sums = new Map<Room, Usage>()
  for (const {room, usage} of places) {
    const sum = sums.get(room)
    if (sum) for (const name of RESOURCES) sum[name] += usage[name]
    else sums.set(room, {...usage})
  }
  return sums
}

const GRANT = `UPDATE worker_claims SET ${RESOURCES.map((name) => `${name} = ${name} + ?`).join(', ')}
  WHERE worker_id = ? AND EXISTS (SELECT 1 FROM workers WHERE id = worker_id AND status = 'active') AND ${RESOURCES.map((name) => `(? = 0 OR ${name} + ? <= ? + 1e-6)`).join(' AND ')} RETURNING worker_id`

function grant(run: RunStatement, {worker, limits}: Room, wanted: Usage, ended: Usage): boolean {
  const bounds = RESOURCES.flatMap((name) => [wanted[name], wanted[name], limits[name] + ended[name]])
  return run(GRANT, [...RESOURCES.map((name) => wanted[name]), worker.id, ...bounds]).length > 0
}

// A row at a time: SQLite is a function call away, and reading JSON costs it more than that.
function bindPlace(run: RunStatement, {sql}: Store, coordinatorId: string, {id, nth, room: {worker}}: Place): BoundTask[] {
  const [row] = run<Row & {placement_key: string}>(
    `UPDATE tasks SET status = 'running', worker_id = ?, coordinator_id = ?, attempt = attempt + 1, started_at = ${sql.now},
       error_message = NULL, failure_kind = NULL, exit_code = NULL, signal = NULL WHERE id = ? RETURNING ${RUNNING_COLUMNS.join(', ')}, placement_key`,
    [worker.id, coordinatorId, id],
  )
  return row ? [{...row, nth}] : []
}
