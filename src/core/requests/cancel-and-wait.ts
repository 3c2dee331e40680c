import {cancelTasks} from '../tasks/change-tasks.js'
import type {RequestContext} from './request-context.js'
import {waitForTasks} from './wait-for-tasks.js'

/** Asks for the end of tasks and, if wished, waits until their workers have confirmed it; then a scheduler is started when nobody looks after those that run. */
export async function cancelAndWait(context: RequestContext, ids: readonly string[], wait: boolean): Promise<void> {
  await cancelTasks(context.store, ids)
  if (wait) await waitForTasks(context, ids)
}
