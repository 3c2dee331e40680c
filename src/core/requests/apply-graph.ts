import {randomUUID} from 'node:crypto'
import {HelixError} from '../errors/helix-error.js'
import type {ForegroundRequest} from '../scheduler/foreground-request.js'
import {buildGraphTasks, graphRequirements} from '../tasks/build-tasks.js'
import type {NewTask} from '../tasks/submit-tasks.js'
import {type GraphTask, readTaskGraph} from '../tasks/task-graph.js'
import {getTasks, type TaskWithAttempt} from '../tasks/task-queries.js'
import {finishEarlierTasks} from './finish-earlier-tasks.js'
import {collectEnded, type EndedOutput} from './foreground-output.js'
import {placeRequest, spoolSecrets} from './prepare-request.js'
import type {RequestContext, TaskOutput} from './request-context.js'
import {startForeground, submitDetached} from './submit-request.js'

export interface ApplyGraphOptions {
  file: string
  environment: Record<string, string>
  caller: NodeJS.ProcessEnv
  callerFolder: string
  detached: boolean
  /** The same key never queues the graph a second time. */
  idempotencyKey?: string | undefined
  /** Called for each task that ran, when it has ended. */
  onEnded?: (ended: EndedOutput) => Promise<void>
  /** Where what tasks of an earlier request with the same key printed goes; nowhere when absent. */
  output?: TaskOutput | undefined
  onRequest?: (request: ForegroundRequest) => void
}

/** Runs the tasks of a graph file, each after those it needs. Resolves to all of them, in an order that respects the needs. */
export async function applyGraph(context: RequestContext, options: ApplyGraphOptions): Promise<TaskWithAttempt[]> {
  const {detached} = options
  const graph = await readTaskGraph(options.file, context.aliases)
  const requestId = randomUUID()
  const hasVariables = Object.keys(options.environment).length > 0 || Object.values(graph.tasks).some((task) => task.env !== undefined)
  const complete = await placeRequest(context, {asked: Object.values(graph.tasks), spooled: hasVariables, detached})
  const {tasks: built, environments} = buildGraphTasks(graph, {
    file: options.file,
    requirementsOf: (task) => complete({...graphRequirements(task), ...(hasFiles(task) && {host_id: context.hostId})}),
    folder: options.callerFolder,
    idempotencyKey: options.idempotencyKey,
  })
  await refuseOtherGraph(context, built)
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
    await finishEarlierTasks(
      context,
      ids.filter((id, index) => id !== tasks[index]?.id),
      options.output,
    )
    return await getTasks(context.store, ids)
  } finally {
    await request.close()
  }
}

function hasFiles({upload, download}: GraphTask): boolean {
  return upload !== undefined || download !== undefined
}

/** Throws `usage` when an idempotency key was used for a graph with other tasks: what is new in this one would wait for tasks that it does not know. */
async function refuseOtherGraph({store}: RequestContext, tasks: readonly NewTask[]): Promise<void> {
  const keys = tasks.map((task) => task.idempotencyKey).filter((key) => key !== undefined)
  if (keys.length === 0) return
  const known = await store.query(`SELECT id FROM tasks WHERE idempotency_key IN (${keys.map(() => '?').join(', ')})`, keys)
  if (known.length === 0 || known.length === tasks.length) return
  throw new HelixError('usage', `the idempotency key belongs to another graph: ${known.length} of these ${tasks.length} tasks have been queued with it`, {
    code: 'GRAPH_CHANGED',
  })
}
