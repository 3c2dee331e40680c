import {mkdir, open, statfs} from 'node:fs/promises'
import {dirname} from 'node:path'
import type BetterSqlite3 from 'better-sqlite3'
import type {Knex} from 'knex'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {silentLog} from './silent-log.js'

const BUSY_TIMEOUT_MS = 5

// f_type of statfs(2), from linux/magic.h and the file systems' own sources.
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x5346414f, 'AFS'],
  [0x01021997, '9P'],
])

/**
 * Opens a SQLite file in WAL mode, making its folder first.
 * Throws `config` for a folder that cannot be written or lies on a network file system, where SQLite's locks do not hold.
 */
export async function openSqlite(filename: string, synchronous: 'normal' | 'full'): Promise<Knex> {
  const folder = dirname(filename)
  try {
    await mkdir(folder, {recursive: true, mode: 0o700})
  } catch (error) {
    throw new HelixError('config', `the data folder ${folder} cannot be made: ${messageOf(error)}`, {
      code: 'DATA_FOLDER_UNWRITABLE',
      cause: error,
      hint: 'Set HELIX_DATA_DIR to a folder that you can write.',
    })
  }
  await refuseNetworkFileSystem(folder)
  await makeOwnFile(filename)
  const [{default: knex}, {SqliteClient}] = await Promise.all([import('knex'), import('./sqlite-client.js')])
  const db = knex({
    client: SqliteClient as unknown as typeof Knex.Client,
    connection: {filename},
    pool: {
      min: 1,
      max: 1,
      afterCreate(connection: BetterSqlite3.Database, done: (error: unknown, connection: unknown) => void) {
        try {
          connection.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
          if (connection.pragma('journal_mode', {simple: true}) !== 'wal') enterWal(connection)
          connection.pragma(`synchronous = ${synchronous}`)
          connection.pragma('foreign_keys = ON')
          done(null, connection)
        } catch (error) {
          done(error, connection)
        }
      },
    },
    useNullAsDefault: true,
    log: silentLog,
  })
  return db
}

// What tasks print may be confidential. SQLite gives the files beside the store the permissions of the store.
async function makeOwnFile(filename: string): Promise<void> {
  try {
    await (await open(filename, 'a', 0o600)).close()
  } catch (error) {
    throw new HelixError('config', `the store ${filename} cannot be written: ${messageOf(error)}`, {
      code: 'STORE_UNWRITABLE',
      cause: error,
      hint: 'Check the owner and permissions of the folder, or set HELIX_DATA_DIR.',
    })
  }
}

// Going to WAL needs an exclusive lock for a moment; eight first starts at once get in each other's way there.
function enterWal(connection: BetterSqlite3.Database): void {
  connection.pragma('busy_timeout = 10000')
  connection.pragma('journal_mode = WAL')
  connection.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
}

/** The name of a network file system by its statfs(2) type, which may come as a signed number; undefined for other file systems. */
export function networkFileSystem(type: number): string | undefined {
  return NETWORK_FILE_SYSTEMS.get(type >>> 0)
}

async function refuseNetworkFileSystem(folder: string): Promise<void> {
  if (process.platform !== 'linux') return
  const name = networkFileSystem((await statfs(folder)).type)
  if (name) {
    throw new HelixError('config', `the store would lie on ${name}, where SQLite's locks do not hold: ${folder}`, {
      code: 'STORE_ON_NETWORK',
      hint: 'Set HELIX_DATA_DIR to a local disk, or database.url to a PostgreSQL server.',
    })
  }
}
