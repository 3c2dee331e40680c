import {setTimeout as delay} from 'node:timers/promises'
import {errorCode, HelixError} from '../errors/helix-error.js'

const GIVE_UP_MS = 60_000

/**
 * Repeats `work` while another process holds SQLite's write lock.
 * The driver is synchronous, so waiting inside it would freeze the keepalives of SSH connections; this wait does not.
 * Throws `busy` after a minute.
 */
export async function retryWhileBusy<T>(work: () => Promise<T>): Promise<T> {
  const started = Date.now()
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isBusy(error)) throw error
      if (Date.now() - started > GIVE_UP_MS) {
        throw new HelixError('busy', 'another process has held the store locked for a minute', {code: 'STORE_BUSY', cause: error})
      }
      await delay(1 + Math.random() * Math.min(50, 2 ** attempt))
    }
  }
}

function isBusy(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'SQLITE_BUSY' || code.startsWith('SQLITE_BUSY_') || code === 'SQLITE_LOCKED'
}
