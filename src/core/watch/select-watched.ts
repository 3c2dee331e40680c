import {HelixError} from '../errors/helix-error.js'
import type {TaskStatus} from '../tasks/task.js'
import {resolveTaskIds} from '../tasks/task-queries.js'
import {findWorker, type WorkerLookup} from '../workers/worker-store.js'
import {resolveRequestId, type TaskSelection} from './watch-tasks.js'

/** What somebody has asked to watch, as they wrote it. */
export interface WatchedTasks {
  /** Ids, or the beginnings of them. */
  ids: readonly string[]
  request?: string | undefined
  /** Name of a worker. */
  worker?: string | undefined
  status?: TaskStatus | undefined
}

/** The tasks that are meant, and what they are called. Throws `usage` for an id, a request or a worker that does not exist. */
export async function selectWatched(lookup: WorkerLookup, {ids, request, worker, status}: WatchedTasks): Promise<{selection: TaskSelection; title: string}> {
  if (ids.length > 0 && (request !== undefined || worker !== undefined || status !== undefined))
    throw new HelixError('usage', 'ids name the tasks already: leave out --request, --worker and --status', {code: 'SELECTION_CONFLICT'})
  const selection: TaskSelection = {
    ...(ids.length > 0 && {ids: [...new Set(await resolveTaskIds(lookup.store, ids))]}),
    ...(request !== undefined && {requestId: await resolveRequestId(lookup.store, request)}),
    ...(worker !== undefined && {workerId: (await findWorker(lookup, worker)).id}),
    ...(status !== undefined && {status}),
  }
  const parts = [
    ids.length > 0 ? `${ids.length === 1 ? '1 task' : `${ids.length} tasks`}` : (status ?? 'running and just ended'),
    ...(selection.requestId === undefined ? [] : [`request ${selection.requestId.slice(0, 8)}`]),
    ...(worker === undefined ? [] : [`worker ${worker}`]),
  ]
  return {selection, title: parts.join(' · ')}
}
