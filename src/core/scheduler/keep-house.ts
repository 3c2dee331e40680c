import {setTimeout as delay} from 'node:timers/promises'
import {messageOf} from '../errors/helix-error.js'
import {pruneByRetention} from '../requests/prune-logs.js'
import type {RequestContext} from '../requests/request-context.js'
import {endLostAttempts} from './end-lost-attempts.js'

const INTERVAL_MS = 60_000

/**
 * Does now and then, beside its tasks, what a scheduler owes the pool: what was given up is ended, and workers forget what is past
 * its time. Ends when `stop` aborts.
 */
export async function keepHouse(context: RequestContext, stop: AbortSignal): Promise<void> {
  // What it was at when the scheduler was stopped, the next one does.
  const attempt = (what: string, work: Promise<unknown>) =>
    work.catch((error: unknown) => {
      if (!stop.aborted) context.logger.warn(`${what}: ${messageOf(error)}`)
    })
  while (!stop.aborted) {
    await Promise.all([
      attempt('ending attempts that were given up', endLostAttempts(context)),
      attempt('forgetting old tasks', pruneByRetention(context, context.retention)),
    ])
    await delay(INTERVAL_MS, undefined, {signal: stop}).catch(() => {})
  }
}
