import type {Store} from '../data/store.js'
import type {ReadyClass} from './placement.js'
import type {Requirements} from './task.js'

/** Which pending tasks a coordinator may take: those it submitted itself, or those that no living foreground submitted. */
export type ClaimScope = 'own' | 'unowned'

/** The tasks that a claim is about. */
export interface ReadyTasks {
  coordinatorId: string
  scope: ClaimScope
  hostId: string
  limit: number
}

// With more classes than that, fewer tasks of each are looked at; the next claim sees the others.
const LOOKED_AT = 2000
const LEAST_OF_EACH = 16

/** SQL that is true for the tasks of a scope that wait for nothing; `?` is the submitter where there is one. */
export function readyCondition(scope: ClaimScope): string {
  return `status = 'pending' AND blocked_by = 0 AND ${scope === 'own' ? 'submitter_id = ?' : 'submitter_id IS NULL'}`
}

/** What stands for `?` in `readyCondition`. */
export function readyBindings({scope, coordinatorId}: Pick<ReadyTasks, 'scope' | 'coordinatorId'>): string[] {
  return scope === 'own' ? [coordinatorId] : []
}

// Ordered by all columns of the index: PostgreSQL does not see that a column which IS NULL is the same in all rows, and would sort them all.
export const READY_INDEX = 'tasks_ready_idx'
export const READY_ORDER = 'submitter_id, placement_key, priority DESC, seq'

interface ClassRow {
  placement_key: string
  project_id: string
  requirements: unknown
  priority: number
  seq: number
}

/**
 * The classes of tasks that could run now, each with its first tasks. One that is alone has only its head: in which order its
 * tasks are taken is then the database's business.
 */
export async function readReadyClasses(store: Store, ready: ReadyTasks): Promise<ReadyClass[]> {
  const rows = await readHeads(store, ready)
  const classes = rows
    .map((row) => ({key: row.placement_key, projectId: row.project_id, requirements: store.sql.json<Requirements>(row.requirements), heads: [row]}))
    .filter(({requirements}) => requirements.host_id === undefined || requirements.host_id === ready.hostId)
  const [only, other] = classes
  if (only && !other) return [{...only, atMost: ready.limit}]
  if (ready.limit === 1) return classes
  const each = Math.min(ready.limit, Math.max(LEAST_OF_EACH, Math.ceil(LOOKED_AT / classes.length)))
  const firstTasks = await readFirstTasks(store, ready, classes, each)
  return classes.map((one) => ({...one, heads: firstTasks.get(one.key) ?? []}))
}

type FirstTasks = Map<string, {priority: number; seq: number}[]>

async function readFirstTasks(store: Store, ready: ReadyTasks, classes: readonly {key: string}[], each: number): Promise<FirstTasks> {
  const first = (key: string) =>
    `SELECT priority, seq FROM tasks ${store.sql.by(READY_INDEX)} WHERE ${readyCondition(ready.scope)} AND placement_key = ${key} AND available_at <= ${store.sql.now}
     ORDER BY ${READY_ORDER} LIMIT ?`
  const bindings = readyBindings(ready)
  if (store.dialect === 'sqlite') {
    const read = async ({key}: {key: string}) => [key, await store.prepared<{priority: number; seq: number}>(first('?'), [...bindings, key, each])] as const
    return new Map(await Promise.all(classes.map(read)))
  }
  const rows = await store.prepared<{key: string; priority: number; seq: number}>(
    `SELECT keys.key, t.priority, t.seq FROM json_array_elements_text(?::json) AS keys(key) CROSS JOIN LATERAL (${first('keys.key')}) AS t`,
    [JSON.stringify(classes.map(({key}) => key)), ...bindings, each],
  )
  return Map.groupBy(rows, (row) => row.key)
}

/** The head of each class: a hop from key to key in the index, not a scan. */
function readHeads(store: Store, {scope, coordinatorId}: ReadyTasks): Promise<ClassRow[]> {
  const who = readyBindings({scope, coordinatorId})
  const statement = store.dialect === 'postgres' ? headsOnPostgres(store, scope) : headsOnSqlite(store, scope)
  return store.prepared<ClassRow>(statement, [...who, ...who, ...who])
}

const HEAD_COLUMNS = 'placement_key, project_id, requirements, priority, seq'

// The first task of a class is its head, unless it is to run later: then another hop finds the first that may.
function headsOnPostgres({sql}: Store, scope: ClaimScope): string {
  const first = (where: string) => `SELECT ${HEAD_COLUMNS}, available_at FROM tasks WHERE ${readyCondition(scope)} AND ${where} ORDER BY ${READY_ORDER} LIMIT 1`
  return `WITH RECURSIVE classes AS (
       (${first('true')})
       UNION ALL
       SELECT next.* FROM classes c CROSS JOIN LATERAL (${first('placement_key > c.placement_key')}) AS next
     ), heads AS (
       SELECT * FROM classes WHERE available_at <= ${sql.now}
       UNION ALL
       SELECT head.* FROM classes c CROSS JOIN LATERAL (${first(`placement_key = c.placement_key AND available_at <= ${sql.now}`)}) AS head WHERE c.available_at > ${sql.now}
     )
     SELECT ${HEAD_COLUMNS} FROM heads`
}

// Without LATERAL: a hop to the next key, and another to its head.
function headsOnSqlite({sql}: Store, scope: ClaimScope): string {
  const ready = readyCondition(scope)
  const tasks = `tasks ${sql.by(READY_INDEX)}`
  const head = `SELECT id FROM ${tasks} WHERE ${ready} AND placement_key = keys.placement_key AND available_at <= ${sql.now} ORDER BY ${READY_ORDER} LIMIT 1`
  return `WITH RECURSIVE keys(placement_key) AS (
       SELECT * FROM (SELECT placement_key FROM ${tasks} WHERE ${ready} ORDER BY submitter_id, placement_key LIMIT 1) AS first
       UNION ALL
       SELECT (SELECT placement_key FROM ${tasks} WHERE ${ready} AND placement_key > keys.placement_key ORDER BY submitter_id, placement_key LIMIT 1)
       FROM keys WHERE keys.placement_key IS NOT NULL
     )
     SELECT ${HEAD_COLUMNS.replaceAll(/\w+/g, 'h.$&')} FROM keys JOIN tasks h ON h.id = (${head})`
}
