import {randomUUID} from 'node:crypto'
import type {Readable} from 'node:stream'
import {setTimeout as delay} from 'node:timers/promises'
import type {ForegroundRequest} from '../scheduler/foreground-request.js'
import {buildShellTask, type TaskOptions} from '../tasks/build-tasks.js'
import {getTasks, type TaskWithAttempt} from '../tasks/task-queries.js'
import {finishEarlierTasks} from './finish-earlier-tasks.js'
import {followRunning} from './foreground-output.js'
import {placeRequest, spoolSecrets} from './prepare-request.js'
import type {RequestContext, TaskOutput} from './request-context.js'
import {startForeground, submitDetached} from './submit-request.js'

const STDIN_HEADSTART_MS = 100

export interface RunTaskOptions {
  command: readonly string[]
  task: TaskOptions
  environment: Record<string, string>
  /** Standard input of the task; none when absent. */
  stdin?: Readable | undefined
  /** The caller's environment, which a task on this machine gets. */
  caller: NodeJS.ProcessEnv
  /** The caller's folder, in which a task on this machine runs. */
  callerFolder: string
  detached: boolean
  /** Where the task's output goes while it runs; nowhere when absent. */
  output?: TaskOutput | undefined
  /** Called with the request, so that a signal can cancel it. */
  onRequest?: (request: ForegroundRequest) => void
}

/** Runs one command as a task. Resolves to the task: ended, or queued when detached. */
export async function runTask(context: RequestContext, options: RunTaskOptions): Promise<TaskWithAttempt> {
  const {detached} = options
  const requestId = randomUUID()
  const complete = await placeRequest(context, {
    asked: [options.task.requirements],
    spooled: options.stdin !== undefined || Object.keys(options.environment).length > 0,
    detached,
  })
  const requirements = complete(options.task.requirements)
  const cwd = options.task.cwd ?? (requirements.local ? options.callerFolder : undefined)
  const task = buildShellTask(options.command, {...options.task, requirements, cwd, stdin: options.stdin !== undefined})
  await spoolSecrets(context, requestId, {environment: options.environment, caller: requirements.local ? options.caller : undefined})
  const stdin = options.stdin && context.spool.writeStdin(requestId, options.stdin)
  if (detached) await stdin
  // Most inputs are short; one that is whole before the task starts saves it from being followed.
  else if (stdin) await Promise.race([stdin, delay(STDIN_HEADSTART_MS)])
  if (detached) return only(await getTasks(context.store, await submitDetached(context, requestId, 'task run', [[task]])))
  const follow = options.output && followRunning(context, options.output)
  const request = await startForeground(context, requestId, 'task run', follow?.events ?? {})
  try {
    options.onRequest?.(request)
    const ids = await request.submit([task])
    // An earlier task with the same idempotency key may belong to another coordinator, and what it printed is to be read there.
    const ended: Promise<unknown> = ids[0] === task.id ? request.wait() : finishEarlierTasks(context, ids, options.output)
    // The task may end without reading all of its input; only an input that fails ends the task.
    await Promise.race([ended, stdin ? stdin.then(() => ended) : ended])
    await follow?.done()
    return only(await getTasks(context.store, ids))
  } catch (error) {
    if (request.open > 0) await request.cancel()
    throw error
  } finally {
    await request.close()
  }
}

function only<T>([item]: readonly T[]): T {
  return item as T
}
