import {retryTasks} from '../tasks/change-tasks.js'
import type {TaskWithAttempt} from '../tasks/task-queries.js'
import {printLogs} from './print-logs.js'
import {readEnded} from './read-ended.js'
import type {RequestContext, TaskOutput} from './request-context.js'
import {waitForTasks} from './wait-for-tasks.js'

/** Waits for tasks that an earlier request queued, and prints what they have printed. */
export async function finishEarlierTasks(context: RequestContext, ids: readonly string[], output: TaskOutput | undefined): Promise<void> {
  for (const task of await waitForEarlier(context, ids)) {
    // One that was cancelled before it started has printed nothing.
    if (!output || task.attempt === 0) continue
    await printLogs(context, {taskId: task.id, stream: 'stdout', follow: false}, output.stdout)
    await printLogs(context, {taskId: task.id, stream: 'stderr', follow: false}, output.stderr)
  }
}

/** Waits for tasks that an earlier request queued; resolves to them, without their output. */
export async function waitForEarlier(context: RequestContext, ids: readonly string[]): Promise<TaskWithAttempt[]> {
  if (ids.length === 0) return []
  await waitForTasks(context, ids)
  return readEnded(context.store, ids)
}

/** An interrupt cancelled what had not ended; a run that goes on with it wants it done. */
export async function reviveCancelled({store}: RequestContext, ids: readonly string[]): Promise<void> {
  const cancelled = (await readEnded(store, ids)).filter((task) => task.status === 'cancelled').map((task) => task.id)
  if (cancelled.length > 0) await retryTasks(store, cancelled)
}
