import {randomUUID} from 'node:crypto'
import type {Knex} from 'knex'
import {errorCode, HelixError, messageOf} from '../errors/helix-error.js'
import {latestVersion, runMigrations, schemaVersion} from './migrate.js'
import {openPostgres} from './postgres.js'
import {type Binding, type RunStatement, runImmediate, runPrepared} from './prepared.js'
import {isAway, retryWhileAway} from './retry-while-away.js'
import {retryWhileBusy} from './retry-while-busy.js'
import {type Dialect, query, type Row, type SqlDialect, sqlFor} from './sql.js'
import {openSqlite} from './sqlite.js'

/** Where the store is: a SQLite file or a PostgreSQL URL. */
export type StoreLocation = {dialect: 'sqlite'; filename: string; synchronous: 'normal' | 'full'} | {dialect: 'postgres'; url: string}

/** Reads the setting `database.url`; without one the store is `helix.db` in the data folder. */
export function locateStore(url: string | undefined, dataDir: string, synchronous: 'normal' | 'full' = 'normal'): StoreLocation {
  if (!url) return {dialect: 'sqlite', filename: `${dataDir}/helix.db`, synchronous}
  if (/^postgres(ql)?:\/\//.test(url)) return {dialect: 'postgres', url}
  const file = /^(?:sqlite|file):(?:\/\/)?(\/.+)$/.exec(url)?.[1]
  if (file) return {dialect: 'sqlite', filename: file, synchronous}
  throw new HelixError('config', 'database.url is neither postgres://… nor sqlite:///absolute/path', {code: 'DATABASE_URL_INVALID'})
}

/** The open store: one database, its dialect and its identity. */
export class Store {
  readonly knex: Knex
  readonly location: StoreLocation
  readonly sql: SqlDialect
  #id: string | undefined
  #answered = false

  constructor(knex: Knex, location: StoreLocation) {
    this.knex = knex
    this.location = location
    this.sql = sqlFor(location.dialect)
  }

  get dialect(): Dialect {
    return this.location.dialect
  }

  /** Identity of this store, part of the attempt folders on every worker, so that two stores never meet in one. */
  async id(): Promise<string> {
    this.#id ??= await this.#readOrCreateId()
    return this.#id
  }

  /** Rows of one statement outside a transaction; repeated like `write`. */
  query<T = Row>(sql: string, bindings: readonly Knex.RawBinding[] = []): Promise<T[]> {
    return this.#guard(() => query<T>(this.knex, sql, bindings))
  }

  /**
   * Runs `work` in one transaction; on SQLite it holds the write lock from its start. Repeated for up to a minute while another
   * process holds the lock, or PostgreSQL cuts it off: it must come to the same when it was stored before.
   */
  write<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
    return this.#guard(() => this.knex.transaction(work))
  }

  /** Like `query`, for the statements of the queue's hot path, which run thousands of times a second: prepared once a connection. */
  prepared<T = Row>(sql: string, bindings: readonly Binding[] = []): Promise<T[]> {
    return this.#guard(() => runPrepared<T>(this.knex, sql, bindings))
  }

  /** Like `write` on SQLite, with prepared statements and without a turn of the event loop between them. */
  immediate<T>(work: (run: RunStatement) => T): Promise<T> {
    return this.#guard(() => runImmediate(this.knex, work))
  }

  async close(): Promise<void> {
    await this.knex.destroy()
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await (this.dialect === 'sqlite' ? retryWhileBusy(work) : retryWhileAway(work, () => this.#answered))
      this.#answered = true
      return result
    } catch (error) {
      throw explainStoreError(error)
    }
  }

  async #readOrCreateId(): Promise<string> {
    await this.query(`INSERT INTO configurations (scope, key, value) VALUES ('store', 'id', ?) ON CONFLICT DO NOTHING`, [JSON.stringify(randomUUID())])
    const [row] = await this.query<{value: unknown}>(`SELECT value FROM configurations WHERE scope = 'store' AND key = 'id'`)
    return this.sql.json<string>(row?.value)
  }
}

/** Opens the store as it is, whatever its schema. */
export async function connectStore(location: StoreLocation): Promise<Store> {
  const knex = location.dialect === 'sqlite' ? await openSqlite(location.filename, location.synchronous) : await openPostgres(location.url)
  return new Store(knex, location)
}

/**
 * Opens the store and brings its schema up to date under a lock of its own.
 * Throws `config` where it cannot be opened, and when its schema is newer than this Helix.
 */
export async function openStore(location: StoreLocation, migrationsDir: string): Promise<Store> {
  const store = await connectStore(location)
  try {
    const wanted = await latestVersion(migrationsDir)
    const found = await schemaVersion(store)
    if (found > wanted) {
      throw new HelixError('config', `the store has schema ${found}, made by a newer Helix; this one knows ${wanted}`, {
        code: 'SCHEMA_TOO_NEW',
        hint: 'Update Helix, or point database.url at another store.',
      })
    }
    if (found < wanted) await runMigrations(store, migrationsDir)
    return store
  } catch (error) {
    await store.close()
    throw explainStoreError(error)
  }
}

// SQLite's SHMSIZE is the growth of the file beside the store that its readers share; 53100 is PostgreSQL's disk_full.
const FULL = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', '53100', 'ENOSPC', 'EDQUOT'])

/** Turns a driver's error into one line for the user; other errors pass through. */
export function explainStoreError(error: unknown): unknown {
  if (HelixError.is(error)) return error
  const code = errorCode(error)
  if (FULL.has(code)) {
    return new HelixError('unavailable', 'the disk of the store is full: nothing was stored', {
      code: 'STORE_FULL',
      cause: error,
      hint: 'Free some space, or run: helix task prune',
    })
  }
  if (code === 'SQLITE_READONLY' || code === 'SQLITE_CANTOPEN' || code === 'EACCES' || code === 'EROFS') {
    return new HelixError('config', `the store cannot be written: ${messageOf(error)}`, {code: 'STORE_UNWRITABLE', cause: error})
  }
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') {
    return new HelixError('config', `the store is not a healthy SQLite database: ${messageOf(error)}`, {code: 'STORE_CORRUPT', cause: error})
  }
  if (code === 'SQLITE_IOERR' || code.startsWith('SQLITE_IOERR_')) {
    return new HelixError('unavailable', `the store could not be read or written: ${messageOf(error)}`, {code: 'STORE_IO', cause: error})
  }
  if (isAway(error)) {
    return new HelixError('unavailable', `PostgreSQL cannot be reached: ${messageOf(error)}`, {code: 'STORE_UNREACHABLE', cause: error})
  }
  if (code === '28P01' || code === '28000' || code === '3D000' || code === '42501') {
    return new HelixError('config', `PostgreSQL refused: ${messageOf(error)}`, {
      code: 'STORE_REFUSED',
      cause: error,
      hint: 'Check database.url or HELIX_DATABASE_URL.',
    })
  }
  return error
}
