import {HelixError} from '../errors/helix-error.js'
import type {Store} from './store.js'

/** The store's own time, in milliseconds since 1970. */
export async function readClock(store: Store): Promise<number> {
  const [clock] = await store.query<{now: string}>(`SELECT ${store.sql.now} AS now`)
  if (!clock) throw new HelixError('bug', 'the store does not tell the time', {code: 'NO_CLOCK'})
  return Date.parse(clock.now)
}
