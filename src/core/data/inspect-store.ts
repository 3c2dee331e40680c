import {existsSync} from 'node:fs'
import {redact} from '../security/redact.js'
import {latestVersion, listMigrationStates, type MigrationState, schemaVersion} from './migrate.js'
import type {Dialect} from './sql.js'
import {connectStore, type StoreLocation} from './store.js'

/** A store as `helix db status` shows it; a password in its URL is redacted. */
export interface StoreStatus {
  dialect: Dialect
  location: string
  /** 0 for an empty store. */
  version: number
  latest: number
  migrations: MigrationState[]
}

/** Looks at a store without changing it. */
export async function inspectStore(location: StoreLocation, migrationsDir: string): Promise<StoreStatus> {
  const latest = await latestVersion(migrationsDir)
  const where = location.dialect === 'sqlite' ? location.filename : redact(location.url)
  if (location.dialect === 'sqlite' && !existsSync(location.filename)) return {dialect: location.dialect, location: where, version: 0, latest, migrations: []}
  const store = await connectStore(location)
  try {
    return {
      dialect: location.dialect,
      location: where,
      version: await schemaVersion(store),
      latest,
      migrations: await listMigrationStates(store, migrationsDir),
    }
  } finally {
    await store.close()
  }
}
