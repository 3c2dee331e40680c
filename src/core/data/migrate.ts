import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import type {Knex} from 'knex'
import {retryWhileBusy} from './retry-while-busy.js'
import type {Store} from './store.js'

// Arbitrary but fixed: the advisory lock under which one Helix at a time changes the schema.
const POSTGRES_LOCK = 4_844_988

/** One migration of the schema and whether the store has it. */
export interface MigrationState {
  name: string
  applied: boolean
}

/** The schema's version is the number of the last migration that was applied; 0 for an empty database. */
export async function schemaVersion(store: Store): Promise<number> {
  if (store.dialect === 'sqlite') {
    const [row] = await store.query<{user_version: number}>('PRAGMA user_version')
    return row?.user_version ?? 0
  }
  const [table] = await store.query<{name: string | null}>(`SELECT to_regclass('knex_migrations') AS name`)
  if (!table?.name) return 0
  const [row] = await store.query<{name: string | null}>('SELECT max(name) AS name FROM knex_migrations')
  return row?.name ? versionOf(row.name) : 0
}

/** The version that this Helix's own migrations lead to. */
export async function latestVersion(migrationsDir: string): Promise<number> {
  const names = await listMigrations(migrationsDir)
  return versionOf(names.at(-1) ?? '0')
}

/** Applies what is missing, all of it or nothing, while no other process does. */
export async function runMigrations(store: Store, migrationsDir: string): Promise<void> {
  const latest = await latestVersion(migrationsDir)
  await withSchemaLock(store, async () => {
    // Somebody else may have been here meanwhile, and may be using the store by now.
    if ((await schemaVersion(store)) >= latest) return
    const migrate = () => store.knex.migrate.latest({migrationSource: sourceOf(migrationsDir)})
    if (store.dialect === 'postgres') return migrate()
    await retryWhileBusy(migrate)
    await retryWhileBusy(() => store.knex.raw(`PRAGMA user_version = ${latest}`))
  })
}

/** Each migration and whether the store has it. */
export async function listMigrationStates(store: Store, migrationsDir: string): Promise<MigrationState[]> {
  const version = await schemaVersion(store)
  const names = await listMigrations(migrationsDir)
  return names.map((name) => ({name, applied: versionOf(name) <= version}))
}

async function withSchemaLock(store: Store, work: () => Promise<unknown>): Promise<void> {
  if (store.location.dialect === 'postgres') {
    const connection = await store.knex.client.acquireConnection()
    try {
      await store.knex.raw('SELECT pg_advisory_lock(?)', [POSTGRES_LOCK]).connection(connection)
      await work()
    } finally {
      await store.knex.raw('SELECT pg_advisory_unlock(?)', [POSTGRES_LOCK]).connection(connection)
      await store.knex.client.releaseConnection(connection)
    }
    return
  }
  // A file of its own, because knex opens and commits transactions on the store itself; a killed process lets go of it.
  const {default: Database} = await import('better-sqlite3')
  const lock = new Database(`${store.location.filename}.migrate`, {timeout: 0})
  try {
    await retryWhileBusy(async () => lock.exec('BEGIN EXCLUSIVE'))
    await work()
  } finally {
    lock.close()
  }
}

function sourceOf(migrationsDir: string): Knex.MigrationSource<string> {
  return {
    getMigrations: () => listMigrations(migrationsDir),
    getMigrationName: (name) => name,
    getMigration: (name) => import(pathToFileURL(join(migrationsDir, `${name}.js`)).href),
  }
}

async function listMigrations(migrationsDir: string): Promise<string[]> {
  const files = await readdir(migrationsDir)
  return files
    .filter((file) => /^\d{4}_\w+\.js$/.test(file))
    .map((file) => file.slice(0, -'.js'.length))
    .sort()
}

function versionOf(name: string): number {
  return Number.parseInt(name, 10)
}
