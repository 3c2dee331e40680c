import type {Store} from '../data/store.js'
import {listCoordinators} from '../scheduler/coordinator-lease.js'
import {explainPending} from '../tasks/explain-pending.js'
import type {TaskRow} from '../tasks/task.js'
import {listWorkers} from '../workers/worker-store.js'

/** Why a task is pending, in one line; null for one that is not. */
export async function describePending(store: Store, hostId: string, task: TaskRow): Promise<string | null> {
  if (task.status !== 'pending') return null
  const coordinators = (await listCoordinators(store, hostId)).filter((coordinator) => coordinator.alive)
  const coordinated = coordinators.some((coordinator) => coordinator.kind === 'scheduler' || coordinator.id === task.submitter_id)
  const {text} = await explainPending(store, task, {workers: await listWorkers(store, hostId), coordinated})
  return text
}
