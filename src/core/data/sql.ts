import type {Knex} from 'knex'

export type Dialect = 'sqlite' | 'postgres'
export type Row = Record<string, unknown>
type ColumnType = 'text' | 'uuid' | 'integer' | 'bigint' | 'boolean' | 'jsonb' | 'hex'

/** The few places where the two databases differ, so that every statement is written once. */
export interface SqlDialect {
  /** The database's own time. */
  now: string
  /** Expression for the time `?` seconds from now. */
  afterSeconds: string
  /** Type of an id, for CAST. */
  idType: 'uuid' | 'text'
  /** Row lock of a SELECT; SQLite needs none, its transactions hold the write lock. */
  forUpdate: string
  forUpdateSkipLocked: string
  /** Behind a table's name: the index to read it by. PostgreSQL finds it by itself; SQLite without statistics takes the first that has an equation. */
  by(index: string): string
  /** A table expression `AS j` over one JSON array binding, made with `rowsBinding`. */
  rows(columns: Record<string, ColumnType>): string
  /** A list of ids to stand behind IN, over one JSON array binding: however many, one variable. */
  ids: string
  /** Expression for the object of a JSON column with the fields of the JSON object `?` put in. */
  withFields(column: string): string
  /** A JSON column's value. */
  json<T>(value: unknown): T
}

/**
 * A task's status where rows are updated by id. SQLite would otherwise read every task of that status through the index on it, and
 * for each of them the whole list of ids: with 20,000 pending tasks a claim took a second.
 */
export const NO_INDEX_ON_STATUS = `coalesce(tasks.status, '')`

const SQLITE_NOW = `strftime('%Y-%m-%dT%H:%M:%fZ','now')`

const DIALECTS: Record<Dialect, SqlDialect> = {
  sqlite: {
    now: SQLITE_NOW,
    afterSeconds: `strftime('%Y-%m-%dT%H:%M:%fZ','now', ? || ' seconds')`,
    idType: 'text',
    forUpdate: '',
    forUpdateSkipLocked: '',
    by: (index) => `INDEXED BY ${index}`,
    rows: (columns) => {
      const list = Object.entries(columns).map(([name, type]) => `${type === 'hex' ? `unhex(value->>'${name}')` : `value->>'${name}'`} AS ${name}`)
      return `(SELECT ${list.join(', ')} FROM json_each(?)) AS j`
    },
    ids: '(SELECT value FROM json_each(?))',
    withFields: (column) => `json_patch(${column}, ?)`,
    json: (value) => (typeof value === 'string' ? JSON.parse(value) : value) as never,
  },
  postgres: {
    now: 'clock_timestamp()',
    afterSeconds: `clock_timestamp() + ? * interval '1 second'`,
    idType: 'uuid',
    forUpdate: 'FOR UPDATE',
    forUpdateSkipLocked: 'FOR UPDATE SKIP LOCKED',
    by: () => '',
    rows: (columns) => {
      const list = Object.entries(columns).map(([name, type]) => (type === 'hex' ? `decode(${name}, 'hex') AS ${name}` : name))
      const types = Object.entries(columns).map(([name, type]) => `${name} ${type === 'hex' ? 'text' : type}`)
      return `(SELECT ${list.join(', ')} FROM json_to_recordset(?::json) AS r(${types.join(', ')})) AS j`
    },
    ids: '(SELECT CAST(value AS uuid) FROM json_array_elements_text(?::json))',
    withFields: (column) => `${column} || ?::jsonb`,
    json: (value) => value as never,
  },
}

/** The SQL of one dialect. */
export function sqlFor(dialect: Dialect): SqlDialect {
  return DIALECTS[dialect]
}

/** Runs one statement and returns its rows, whichever shape the driver gives them. */
export async function query<T = Row>(knex: Knex, sql: string, bindings: readonly Knex.RawBinding[] = []): Promise<T[]> {
  const result: unknown = await knex.raw(sql, bindings)
  if (Array.isArray(result)) return result as T[]
  if (typeof result === 'object' && result !== null && 'rows' in result) return result.rows as T[]
  return []
}
