import {randomUUID} from 'node:crypto'
import type {ForegroundRequest} from '../scheduler/foreground-request.js'
import {buildGraphTasks, graphRequirements} from '../tasks/build-tasks.js'
import {readTaskGraph} from '../tasks/task-graph.js'
import {getTasks, type TaskWithAttempt} from '../tasks/task-queries.js'
import {collectEnded, type EndedOutput} from './foreground-output.js'
import {placeRequest, spoolSecrets} from './prepare-request.js'
import type {RequestContext} from './request-context.js'
import {startForeground, submitDetached} from './submit-request.js'

export interface ApplyGraphOptions {
  file: string
  environment: Record<string, string>
  caller: NodeJS.ProcessEnv
  callerFolder: string
  detached: boolean
  /** Called for each task that ran, when it has ended. */
  onEnded?: (ended: EndedOutput) => Promise<void>
  onRequest?: (request: ForegroundRequest) => void
}

/** Runs the tasks of a graph file, each after those it needs. Resolves to all of them, in an order that respects the needs. */
export async function applyGraph(context: RequestContext, options: ApplyGraphOptions): Promise<TaskWithAttempt[]> {
  const {detached} = options
  const graph = await readTaskGraph(options.file)
  const requestId = randomUUID()
  const hasVariables = Object.keys(options.environment).length > 0 || Object.values(graph.tasks).some((task) => task.env !== undefined)
  const complete = await placeRequest(context, {spooled: hasVariables, detached})
  const {tasks: built, environments} = buildGraphTasks(graph, (task) => complete(graphRequirements(task)))
  const tasks = built.map((task) => (task.requirements.local && !task.input.cwd ? {...task, input: {...task.input, cwd: options.callerFolder}} : task))
  const local = tasks.some((task) => task.requirements.local)
  await spoolSecrets(context, requestId, {environment: options.environment, taskEnvironments: environments, caller: local ? options.caller : undefined})
  if (detached) return getTasks(context.store, await submitDetached(context, requestId, 'task apply', [tasks]))
  const collected = collectEnded(context, options.onEnded ?? (async () => {}))
  const request = await startForeground(context, requestId, 'task apply', collected.events)
  try {
    options.onRequest?.(request)
    const ids = await request.submit(tasks)
    await request.wait()
    await collected.done()
    return await getTasks(context.store, ids)
  } finally {
    await request.close()
  }
}
