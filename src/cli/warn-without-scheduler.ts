import {hasScheduler} from '../core/requests/has-scheduler.js'
import type {RequestContext} from '../core/requests/request-context.js'

/** Says that nothing will come of a schedule as long as no scheduler runs. */
export async function warnWithoutScheduler(context: RequestContext): Promise<void> {
  if (await hasScheduler(context)) return
  context.logger.warn('no scheduler is running, without which schedules rest: helix scheduler start, or helix scheduler install')
}
