import type {CoordinatorEvents} from '../scheduler/coordinator-options.js'
import type {ClaimedTask} from '../tasks/claim-tasks.js'
import type {AttemptEnd} from '../tasks/complete-attempts.js'
import {getTasks} from '../tasks/task-queries.js'
import type {WorkerRow} from '../workers/worker.js'
import {attemptDirectory} from '../workers/worker-store.js'
import {copyOutput, OutputFollower, type ReadOutput} from './follow-output.js'
import {readPatiently} from './read-patiently.js'
import type {RequestContext, TaskOutput} from './request-context.js'

/** What may wait in memory for a slow reader: more is read again from the store and the workers when its turn comes. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024
const MOST_WAITING = 500

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

/** The same before its turn has come. */
export interface WaitingOutput {
  /** Number of the item that the task was made for. */
  number: number
  /** Gives it, read again where it could not be kept. To be called once. */
  open(): Promise<EndedOutput>
}

/** Hands over each task's last attempt when it has ended. Whoever takes them may be slow: what waits takes little memory. */
export function collectWaiting(context: RequestContext, use: (waiting: WaitingOutput) => void): CoordinatorEvents {
  const started = new Map<string, ClaimedTask>()
  // One row for each worker, whichever claim brought it.
  const workers = new Map<string, WorkerRow>()
  const waiting = {count: 0, bytes: 0}
  return {
    started: (claimed) => started.set(keyOf(claimed.task.id, claimed.task.attempt), claimed),
    ended: (end) => {
      const key = keyOf(end.taskId, end.attempt)
      const claimed = started.get(key)
      started.delete(key)
      if (!claimed || end.result === 'retry' || end.result === 'released' || end.result === 'unsent') return
      const number = claimed.task.input.item_number ?? 0
      const bytes = (end.stdoutTail?.length ?? 0) + (end.stderrTail?.length ?? 0)
      if (waiting.count >= MOST_WAITING || waiting.bytes + bytes > MOST_WAITING_BYTES) {
        const worker = workers.get(claimed.worker.id) ?? claimed.worker
        workers.set(worker.id, worker)
        const {taskId, attempt} = end
        use({number, open: () => reopen(context, worker, taskId, attempt)})
        return
      }
      waiting.count += 1
      waiting.bytes += bytes
      const open = async () => {
        waiting.count -= 1
        waiting.bytes -= bytes
        return {claimed, end, read: readPatiently(outputReader(context, claimed.worker, claimed.task))}
      }
      use({number, open})
    },
  }
}

/** Hands over each task's last attempt when it has ended, one after the other in the order they end. */
export function collectEnded(context: RequestContext, use: (ended: EndedOutput) => Promise<void>): {events: CoordinatorEvents; done: () => Promise<void>} {
  let used = Promise.resolve()
  const events = collectWaiting(context, ({open}) => {
    used = used.then(async () => use(await open()))
  })
  return {events, done: () => used}
}

/** Prints what an ended attempt has printed. */
export async function printEnded({end, read}: EndedOutput, output: TaskOutput): Promise<void> {
  await copyOutput(end, output, read)
}

async function reopen(context: RequestContext, worker: WorkerRow, taskId: string, attempt: number): Promise<EndedOutput> {
  const [task] = await getTasks(context.store, [taskId])
  if (!task) throw new Error('getTasks gives a task for each id')
  const end: AttemptEnd = {
    taskId,
    attempt,
    result: task.status === 'pending' || task.status === 'running' ? 'failed' : task.status,
    failureKind: task.failure_kind ?? undefined,
    error: task.error_message ?? undefined,
    stdoutBytes: Number(task.stdout_bytes ?? 0),
    stderrBytes: Number(task.stderr_bytes ?? 0),
    stdoutTail: task.stdout_tail ?? Buffer.alloc(0),
    stderrTail: task.stderr_tail ?? Buffer.alloc(0),
  }
  return {claimed: {task, worker}, end, read: readPatiently(outputReader(context, worker, task))}
}

function keyOf(taskId: string, attempt: number): string {
  return `${taskId} ${attempt}`
}
