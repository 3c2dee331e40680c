import {createHash} from 'node:crypto'
import type BetterSqlite3 from 'better-sqlite3'
import type {Knex} from 'knex'
import type {ClientBase} from 'pg'
import type {Row} from './sql.js'

/** What a prepared statement may be given. */
export type Binding = string | number | null | Buffer

/** Runs one prepared statement of a transaction on SQLite and returns its rows. */
export type RunStatement = <T = Row>(sql: string, bindings?: readonly Binding[]) => T[]

// knex parses, formats and wraps each statement anew, and better-sqlite3 compiles it anew: most of a claim's time. These go around it.
const compiled = new WeakMap<object, Map<string, BetterSqlite3.Statement>>()
const named = new Map<string, {name: string; text: string}>()

/** Runs one statement by itself, on a connection of the pool; it is prepared once a connection. */
export function runPrepared<T = Row>(knex: Knex, sql: string, bindings: readonly Binding[]): Promise<T[]> {
  return withConnection(knex, async (connection) => {
    if (isPostgres(connection)) return (await connection.query({...namedStatement(sql), values: [...bindings]})).rows as T[]
    return runCompiled<T>(connection, sql, bindings)
  })
}

/**
 * Runs `work` in one transaction on SQLite that has the write lock from its start. Nothing else happens in this process
 * meanwhile, so it must be short. Throws SQLite's error while another process holds the lock.
 */
export function runImmediate<T>(knex: Knex, work: (run: RunStatement) => T): Promise<T> {
  return withConnection(knex, (connection) => {
    if (isPostgres(connection)) throw new TypeError('PostgreSQL has no such transactions')
    const run: RunStatement = (sql, bindings = []) => runCompiled(connection, sql, bindings)
    run('BEGIN IMMEDIATE')
    try {
      const result = work(run)
      run('COMMIT')
      return result
    } catch (error) {
      // SQLite has ended it by itself after some errors, such as a full disk.
      if (connection.inTransaction) run('ROLLBACK')
      throw error
    }
  })
}

type Connection = BetterSqlite3.Database | ClientBase

async function withConnection<T>(knex: Knex, work: (connection: Connection) => T | Promise<T>): Promise<T> {
  const connection: Connection = await knex.client.acquireConnection()
  try {
    return await work(connection)
  } finally {
    knex.client.releaseConnection(connection)
  }
}

function isPostgres(connection: Connection): connection is ClientBase {
  return 'query' in connection
}

function runCompiled<T>(connection: BetterSqlite3.Database, sql: string, bindings: readonly Binding[]): T[] {
  const statement = compiledStatement(connection, sql)
  if (statement.reader) return statement.all(...bindings) as T[]
  statement.run(...bindings)
  return []
}

function compiledStatement(connection: BetterSqlite3.Database, sql: string): BetterSqlite3.Statement {
  const statements = compiled.get(connection) ?? new Map<string, BetterSqlite3.Statement>()
  compiled.set(connection, statements)
  const statement = statements.get(sql) ?? connection.prepare(sql)
  statements.set(sql, statement)
  return statement
}

// Named after its text: behind a connection pooler, connections that others have prepared statements on may be shared.
function namedStatement(sql: string): {name: string; text: string} {
  let statement = named.get(sql)
  if (!statement) {
    let count = 0
    const text = sql.replaceAll('?', () => `$${++count}`)
    statement = {name: `helix_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`, text}
    named.set(sql, statement)
  }
  return statement
}
