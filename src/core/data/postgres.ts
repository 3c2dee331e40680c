import type {Knex} from 'knex'
import {silentLog} from './silent-log.js'

const MAX_CONNECTIONS = 10
// A process that is stopped in the middle of a transaction must not hold its locks against others for longer than its lease.
const IDLE_IN_TRANSACTION_MS = 10_000

// With many tasks pending a claim looks expensive enough to be compiled, which takes a hundred times as long as to run it.
const OPTIONS = '-c jit=off'

/** Opens a pool on a PostgreSQL server. Times come as ISO 8601 text in UTC and 64-bit integers as numbers, as from SQLite. */
export async function openPostgres(url: string): Promise<Knex> {
  const [{default: knex}, {default: pg}] = await Promise.all([import('knex'), import('pg')])
  const {builtins, setTypeParser} = pg.types
  setTypeParser(builtins.TIMESTAMPTZ, (text) => new Date(text).toISOString())
  setTypeParser(builtins.INT8, Number)
  return knex({
    client: 'pg',
    connection: {
      connectionString: addOptions(url),
      application_name: 'helix',
      connectionTimeoutMillis: 10_000,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      options: withDefaults(process.env.PGOPTIONS ?? ''),
    },
    pool: {min: 0, max: MAX_CONNECTIONS},
    acquireConnectionTimeout: 15_000,
    log: silentLog,
  })
}

/** The driver takes a URL's own options instead of all others, as libpq does. */
function addOptions(text: string): string {
  const url = URL.parse(text)
  const own = url?.searchParams.get('options')
  if (!url || !own) return text
  url.searchParams.set('options', withDefaults(own))
  return url.href
}

function withDefaults(options: string): string {
  return `${OPTIONS} ${options}`.trimEnd()
}
