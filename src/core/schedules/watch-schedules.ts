import {setTimeout as delay} from 'node:timers/promises'
import {HelixError} from '../errors/helix-error.js'
import {type FireContext, fireDueSchedules} from './fire-schedules.js'

const LOOK_MS = 1000

/** Looks every second for schedules whose time has come until `stop` aborts, calling `fired` when it has queued tasks. Outlives a store that is away for a while. */
export async function watchSchedules(context: FireContext, stop: AbortSignal, fired: () => void): Promise<void> {
  for (let failures = 0; !stop.aborted; ) {
    try {
      if ((await fireDueSchedules(context)) > 0) fired()
      failures = 0
    } catch (error) {
      if (!HelixError.is(error) || (error.kind !== 'unavailable' && error.kind !== 'busy')) throw error
      failures += 1
      if (failures === 1) context.logger.warn(`looking for schedules: ${error.message}`)
    }
    await delay(LOOK_MS, undefined, {signal: stop}).catch(() => {})
  }
}
