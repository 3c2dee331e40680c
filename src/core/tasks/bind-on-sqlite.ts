import type {RunStatement} from '../data/prepared.js'
import {NO_INDEX_ON_STATUS, type Row} from '../data/sql.js'
import type {Store} from '../data/store.js'
import type {BoundTasks} from './bind-on-postgres.js'
import {type PlacedClass, RESOURCES, type Room, type Usage, usageOf} from './placement.js'
import {READY_ORDER, type ReadyTasks, readyBindings, readyCondition} from './ready-classes.js'

interface Place {
  id: string
  key: string
  nth: number
  room: Room
  usage: Usage
}

/** Binds the first tasks of each class to the workers chosen for them, in one transaction. */
export function bindOnSqlite(store: Store, ready: ReadyTasks, placed: readonly PlacedClass[], endedOf: (workerId: string) => Usage): Promise<BoundTasks> {
  return store.immediate((run) => {
    const places = placed.flatMap((one) => pickTasks(run, store, ready, one))
    const granted = new Set<Room>()
    for (const [room, wanted] of sumByRoom(places)) if (grant(run, room, wanted, endedOf(room.worker.id))) granted.add(room)
    const bindable = places.filter(({room}) => granted.has(room))
    const bound = bindable.length > 0 ? bindPlaces(run, store, ready.coordinatorId, bindable) : []
    return {bound, refused: bindable.length < places.length}
  })
}

function pickTasks(run: RunStatement, store: Store, ready: ReadyTasks, {ready: {key, requirements}, rooms}: PlacedClass): Place[] {
  const picked = run<{id: string}>(
    `SELECT id FROM tasks WHERE ${readyCondition(ready.scope)} AND placement_key = ? AND available_at <= ${store.sql.now} ORDER BY ${READY_ORDER} LIMIT ?`,
    [...readyBindings(ready), key, rooms.length],
  )
  const usage = usageOf(requirements)
  return picked.flatMap(({id}, nth) => {
    const room = rooms[nth]
    return room ? [{id, key, nth, room, usage}] : []
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
  WHERE worker_id = ? AND ${RESOURCES.map((name) => `(? = 0 OR ${name} + ? <= ? + 1e-6)`).join(' AND ')} RETURNING worker_id`

function grant(run: RunStatement, {worker, limits}: Room, wanted: Usage, ended: Usage): boolean {
  const bounds = RESOURCES.flatMap((name) => [wanted[name], wanted[name], limits[name] + ended[name]])
  return run(GRANT, [...RESOURCES.map((name) => wanted[name]), worker.id, ...bounds]).length > 0
}

function bindPlaces(run: RunStatement, store: Store, coordinatorId: string, places: readonly Place[]): BoundTasks['bound'] {
  const {now, rows} = store.sql
  const binding = JSON.stringify(places.map(({id, room}) => ({id, worker_id: room.worker.id, worker_name: room.worker.name})))
  const tasks = run<Row>(
    `UPDATE tasks SET status = 'running', worker_id = j.worker_id, coordinator_id = ?, attempt = attempt + 1, started_at = ${now},
       error_message = NULL, failure_kind = NULL, exit_code = NULL, signal = NULL
     FROM ${rows({id: 'uuid', worker_id: 'uuid'})} WHERE tasks.id = j.id AND ${NO_INDEX_ON_STATUS} = 'pending' RETURNING *`,
    [coordinatorId, binding],
  )
  run(
    `INSERT INTO task_attempts (task_id, attempt, worker_id, worker_name, coordinator_id, status)
     SELECT t.id, t.attempt, j.worker_id, j.worker_name, t.coordinator_id, 'running'
     FROM ${rows({id: 'uuid', worker_id: 'uuid', worker_name: 'text'})} JOIN tasks t ON t.id = j.id`,
    [binding],
  )
  const found = new Map(places.map((place) => [place.id, place]))
  return tasks.flatMap((row) => {
    const place = found.get(String(row.id))
    return place ? [{row, key: place.key, nth: place.nth}] : []
  })
}
