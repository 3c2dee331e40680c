import {setTimeout as delay} from 'node:timers/promises'
import {errorCode, messageOf} from '../errors/helix-error.js'

const GIVE_UP_MS = 60_000
const LONGEST_PAUSE_MS = 2000

// The server chose this transaction to give way to another one (deadlock, serialization): nothing of it was stored.
const GAVE_WAY = new Set(['40P01', '40001'])
const LOST = new Set(['ECONNRESET', 'EPIPE', '57P01', '57P02', '57P05', '25P03', '08006', '08003'])
const ABSENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', '57P03', '08001', '53300'])

/**
 * Repeats `work` when PostgreSQL has cut it off, for a minute at most; while the server does not answer at all only if it is
 * `known`, so that a wrong address is told at once. Work that was cut off may have been stored all the same:
 * it must come to the same when it is repeated.
 */
export async function retryWhileAway<T>(work: () => Promise<T>, known: () => boolean): Promise<T> {
  const started = Date.now()
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!(GAVE_WAY.has(errorCode(error)) || isLost(error) || (isAbsent(error) && known()))) throw error
      if (Date.now() - started > GIVE_UP_MS) throw error
      await delay(Math.min(LONGEST_PAUSE_MS, 20 * 2 ** attempt) * (0.5 + Math.random() / 2))
    }
  }
}

/** PostgreSQL cannot be reached, or could not go on: it may be back soon. */
export function isAway(error: unknown): boolean {
  return isLost(error) || isAbsent(error)
}

function isLost(error: unknown): boolean {
  return LOST.has(errorCode(error)) || /Connection terminated|Connection ended|not queryable/.test(messageOf(error))
}

function isAbsent(error: unknown): boolean {
  return ABSENT.has(errorCode(error)) || /timeout exceeded when trying to connect|Timeout acquiring a connection/.test(messageOf(error))
}
