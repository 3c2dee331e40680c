import {setTimeout as delay} from 'node:timers/promises'
import {messageOf} from '../errors/helix-error.js'
import {pruneByRetention} from '../requests/prune-logs.js'
import type {RequestContext} from '../requests/request-context.js'

const INTERVAL_MS = 60_000

/** Does now and then, beside its tasks, what a scheduler owes the pool: workers forget what is past its time. Ends when `stop` aborts. */
export async function keepHouse(context: RequestContext, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      await pruneByRetention(context, context.retention)
    } catch (error) {
      // What it was at when the scheduler was stopped, the next one does.
      if (!stop.aborted) context.logger.warn(`forgetting old tasks: ${messageOf(error)}`)
    }
    await delay(INTERVAL_MS, undefined, {signal: stop}).catch(() => {})
  }
}
