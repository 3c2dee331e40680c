import {setTimeout as delay} from 'node:timers/promises'
import {messageOf} from '../errors/helix-error.js'
import {untilPulse} from '../pulse.js'
import {type FireContext, fireDueSchedules} from './fire-schedules.js'

const LOOK_MS = 1000

/**
 * Looks every second for schedules whose time has come until `stop` aborts, calling `fired` when it has queued tasks. Never rejects:
 * neither a store that is away nor a schedule whose files cannot be read keeps a scheduler from its tasks.
 */
export async function watchSchedules(context: FireContext, stop: AbortSignal, fired: () => void): Promise<void> {
  let told = ''
  while (!stop.aborted) {
    try {
      if ((await fireDueSchedules(context)) > 0) fired()
      told = ''
    } catch (error) {
      const message = messageOf(error)
      if (message !== told) context.logger.warn(`looking for schedules: ${message}`)
      told = message
    }
    await delay(untilPulse(LOOK_MS), undefined, {signal: stop}).catch(() => {})
  }
}
