import {setTimeout as delay} from 'node:timers/promises'
import type {Knex} from 'knex'
import {query} from './sql.js'
import type {Store} from './store.js'

const CHANNEL = 'helix_tasks'
const LONGEST_PAUSE_MS = 10_000

/** Tells listening coordinators, when the transaction is committed, that there is something for them to do. SQLite has no such thing; they poll. */
export async function announceWork(trx: Knex, store: Store): Promise<void> {
  if (store.dialect === 'postgres') await query(trx, `SELECT pg_notify('${CHANNEL}', '')`)
}

/**
 * Calls `wake` whenever work is announced, over a connection of its own that is opened again when it is lost; announcements
 * may be missed, so polling goes on beside it. Ends when `stop` aborts. Does nothing on SQLite.
 */
export async function listenForWork(store: Store, wake: () => void, stop: AbortSignal): Promise<void> {
  if (store.location.dialect !== 'postgres') return
  const {default: pg} = await import('pg')
  for (let failures = 0; !stop.aborted; failures++) {
    const client = new pg.Client({connectionString: store.location.url, application_name: 'helix listen', keepAlive: true})
    const lost = new Promise<void>((resolve) => {
      client.on('error', () => resolve())
      client.once('end', () => resolve())
      stop.addEventListener('abort', () => resolve(), {once: true})
    })
    client.on('notification', wake)
    try {
      await client.connect()
      await client.query(`LISTEN ${CHANNEL}`)
      failures = 0
      await lost
    } catch {
      // The polling tells the user that the database is away.
    }
    await client.end().catch(() => {})
    await delay(Math.min(LONGEST_PAUSE_MS, 200 * 2 ** failures) * (0.5 + Math.random() / 2), undefined, {signal: stop}).catch(() => {})
  }
}
