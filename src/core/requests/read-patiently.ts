import {setTimeout as delay} from 'node:timers/promises'
import {HelixError} from '../errors/helix-error.js'
import {backoffSeconds} from '../workers/worker-connections.js'
import type {ReadOutput} from './follow-output.js'

/** As long as a worker may be away before the outcome of what it runs counts as unknown. */
const LONGEST_AWAY_MS = 600_000

/** Waits while a worker cannot be reached, instead of leaving out what it keeps; a file that it has no longer is not waited for. */
export function readPatiently(read: ReadOutput): ReadOutput {
  return async (stream, offset, length) => {
    const since = performance.now()
    for (let failures = 0; ; failures++) {
      try {
        return await read(stream, offset, length)
      } catch (error) {
        if (!isAway(error) || performance.now() - since > LONGEST_AWAY_MS) throw error
        await delay(backoffSeconds(failures) * 1000)
      }
    }
  }
}

function isAway(error: unknown): boolean {
  return HelixError.is(error) && error.kind === 'unavailable' && !error.code.startsWith('FILE_') && error.code !== 'WORKER_GONE'
}
