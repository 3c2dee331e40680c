import type {CoordinatorEvents} from '../scheduler/coordinator-options.js'
import {type ForegroundOptions, ForegroundRequest} from '../scheduler/foreground-request.js'
import {createRequest, type NewRequest, type NewTask, submitTasks} from '../tasks/submit-tasks.js'
import {hasScheduler} from './has-scheduler.js'
import type {RequestContext} from './request-context.js'

/** Queues tasks, batch by batch, for whichever coordinator comes; starts one in the background when none is alive. Resolves to the tasks' ids. */
export async function submitDetached(
  context: RequestContext,
  requestId: string,
  command: string,
  batches: AsyncIterable<readonly NewTask[]> | Iterable<readonly NewTask[]>,
  restore?: NewRequest['restore'],
): Promise<string[]> {
  const {store, hostId, project} = context
  const request = {id: requestId, command, hostId, project, restore}
  await createRequest(store, request)
  const ids: string[] = []
  for await (const tasks of batches) ids.push(...(await submitTasks(store, request, tasks)))
  await ensureScheduler(context)
  return ids
}

/** Makes this process the coordinator of a request. */
export function startForeground(
  context: RequestContext,
  requestId: string,
  command: string,
  events: CoordinatorEvents,
  options: Pick<ForegroundOptions, 'maxPerWorker' | 'restore'> = {},
): Promise<ForegroundRequest> {
  return ForegroundRequest.start({...context, ...options, requestId, command, events, rescueOrphans: () => ensureScheduler(context)})
}

/** Starts a scheduler in the background, which ends when there is nothing left to do, unless one is alive. */
export async function ensureScheduler(context: RequestContext): Promise<void> {
  if (await hasScheduler(context)) return
  await context.startScheduler()
  context.logger.info('started a scheduler in the background; it ends when the queue is empty (helix scheduler status)')
}
