import {listCoordinators} from '../scheduler/coordinator-lease.js'
import type {RequestContext} from './request-context.js'

/** Whether a scheduler is alive, as far as this machine can tell. */
export async function hasScheduler({store, hostId}: RequestContext): Promise<boolean> {
  return (await listCoordinators(store, hostId)).some((coordinator) => coordinator.kind === 'scheduler' && coordinator.alive)
}
