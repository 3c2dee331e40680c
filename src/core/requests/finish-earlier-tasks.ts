import {getTasks, type TaskWithAttempt} from '../tasks/task-queries.js'
import {printLogs} from './print-logs.js'
import type {RequestContext, TaskOutput} from './request-context.js'
import {waitForTasks} from './wait-for-tasks.js'

/** Waits for tasks that an earlier request queued, prints what they have printed, and hands over each. */
export async function finishEarlierTasks(
  context: RequestContext,
  ids: readonly string[],
  output: TaskOutput | undefined,
  use?: (task: TaskWithAttempt) => Promise<void> | undefined,
): Promise<void> {
  if (ids.length === 0) return
  await waitForTasks(context, ids)
  for (const task of await getTasks(context.store, ids)) {
    await use?.(task)
    // One that was cancelled before it started has printed nothing.
    if (!output || task.attempt === 0) continue
    await printLogs(context, {taskId: task.id, stream: 'stdout', follow: false}, output.stdout)
    await printLogs(context, {taskId: task.id, stream: 'stderr', follow: false}, output.stderr)
  }
}
