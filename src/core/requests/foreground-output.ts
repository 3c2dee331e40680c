import type {CoordinatorEvents} from '../scheduler/coordinator.js'
import type {ClaimedTask} from '../tasks/claim-tasks.js'
import type {AttemptEnd} from '../tasks/complete-attempts.js'
import type {WorkerRow} from '../workers/worker.js'
import {attemptDirectory} from '../workers/worker-store.js'
import {copyOutput, OutputFollower, type ReadOutput} from './follow-output.js'
import type {RequestContext, TaskOutput} from './request-context.js'

/** Reads an attempt's output from its worker, over whatever connection there is at the time. */
export function outputReader(
  {store, connections}: Pick<RequestContext, 'store' | 'connections'>,
  worker: WorkerRow,
  {id: taskId, attempt}: {id: string; attempt: number},
): ReadOutput {
  return async (stream, offset, length) => {
    const transport = await connections.get(worker)
    const directory = attemptDirectory(worker, {storeId: await store.id(), taskId, attempt})
    return transport.readRange(`${directory}/${stream}`, offset, length)
  }
}

/** Copies what a single task prints while it runs, attempt after attempt. `done` waits for the last byte. */
export function followRunning(context: RequestContext, output: TaskOutput): {events: CoordinatorEvents; done: () => Promise<void>} {
  const followers = new Map<string, OutputFollower>()
  let copied = Promise.resolve()
  return {
    events: {
      started: ({task, worker}) => followers.set(keyOf(task.id, task.attempt), new OutputFollower(outputReader(context, worker, task), output)),
      ended: (end) => {
        const follower = followers.get(keyOf(end.taskId, end.attempt))
        if (follower) copied = copied.then(() => follower.finish(end))
      },
    },
    done: () => copied,
  }
}

/** A task's last attempt, ready to have its output copied. */
export interface EndedOutput {
  claimed: ClaimedTask
  end: AttemptEnd
  read: ReadOutput
}

/** Hands over each task's last attempt when it has ended, one after the other in the order they end. */
export function collectEnded(context: RequestContext, use: (ended: EndedOutput) => Promise<void>): {events: CoordinatorEvents; done: () => Promise<void>} {
  const started = new Map<string, ClaimedTask>()
  let used = Promise.resolve()
  return {
    events: {
      started: (claimed) => started.set(keyOf(claimed.task.id, claimed.task.attempt), claimed),
      ended: (end) => {
        const key = keyOf(end.taskId, end.attempt)
        const claimed = started.get(key)
        started.delete(key)
        if (!claimed || end.result === 'retry' || end.result === 'released' || end.result === 'unsent') return
        const read = outputReader(context, claimed.worker, claimed.task)
        used = used.then(() => use({claimed, end, read}))
      },
    },
    done: () => used,
  }
}

/** Prints what an ended attempt has printed. */
export async function printEnded({end, read}: EndedOutput, output: TaskOutput): Promise<void> {
  await copyOutput(end, output, read)
}

function keyOf(taskId: string, attempt: number): string {
  return `${taskId} ${attempt}`
}
