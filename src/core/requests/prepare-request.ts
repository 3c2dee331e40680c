import {HelixError} from '../errors/helix-error.js'
import {checkEnvironment} from '../tasks/build-tasks.js'
import {checkName} from '../tasks/check-name.js'
import {explainNoWorker} from '../tasks/explain-pending.js'
import {isEligible} from '../tasks/placement.js'
import type {Requirements} from '../tasks/task.js'
import {discoverLocal} from '../workers/discover-local.js'
import type {WorkerRow} from '../workers/worker.js'
import {failNotFound, listWorkers} from '../workers/worker-store.js'
import type {RequestContext} from './request-context.js'

/** Completes what a task asks for by what follows from where it may run. */
export type CompleteRequirements = (asked: Requirements) => Requirements

export interface PlacementOptions {
  /** What its tasks ask for. */
  asked: readonly Pick<Requirements, 'worker' | 'capabilities' | 'gpus'>[]
  /** The request has variables or a standard input, which stay on this machine until a worker needs them. */
  spooled: boolean
  /** Nobody waits for the tasks: they may be queued before there is a worker for them. */
  detached: boolean
}

/**
 * Decides where the tasks of a request may run. This machine is chosen by name, or when there is no other worker.
 * The returned function throws as `findWorker` does for a worker that does not exist and, unless the request is detached,
 * `unavailable` when no worker has what a task asks for.
 */
export async function placeRequest(context: RequestContext, {asked: all, spooled, detached}: PlacementOptions): Promise<CompleteRequirements> {
  const {store, hostId} = context
  checkName('project', context.project ?? 'default')
  const listed = await listWorkers(store, hostId)
  const hasOthers = context.workersEnabled && listed.some((worker) => worker.origin !== 'local')
  const isLocal = (worker: string | undefined) => worker === 'local' || (worker === undefined && !hasOthers)
  const workers = all.some(({worker, capabilities, gpus}) => isLocal(worker) && (capabilities?.length || gpus)) ? await knowLocal(context, listed) : listed
  return ({worker, ...asked}) => {
    const local = isLocal(worker)
    if (worker !== undefined && !workers.some((known) => known.name === worker)) failNotFound(context, worker, workers)
    const requirements: Requirements = {
      ...asked,
      ...(local ? {local: true} : worker !== undefined && {worker}),
      ...((local || spooled) && {host_id: context.hostId}),
    }
    if (!detached && !workers.some((known) => isEligible(requirements, known))) {
      const reason = explainNoWorker(requirements, workers)
      throw new HelixError('unavailable', reason?.text ?? 'no worker can take the task', {code: 'NO_WORKER', hint: 'See the workers with: helix worker list'})
    }
    return requirements
  }
}

/** The workers, of which this machine too has said what it has. */
async function knowLocal({store, connections, hostId}: RequestContext, workers: WorkerRow[]): Promise<WorkerRow[]> {
  const local = workers.find((worker) => worker.origin === 'local')
  return local && (await discoverLocal(store, connections, local)) ? listWorkers(store, hostId) : workers
}

/** What the tasks of a request are given beside their rows. */
export interface RequestSecrets {
  /** Variables for all tasks. */
  environment: Record<string, string>
  /** Variables for single tasks, by task id. */
  taskEnvironments?: Record<string, Record<string, string>>
  /** The caller's environment, when a task may run on this machine. */
  caller?: NodeJS.ProcessEnv | undefined
}

/** Leaves variables in a 0600 file until a worker needs them, so that they are never in the store. */
export async function spoolSecrets(context: RequestContext, requestId: string, {environment, taskEnvironments = {}, caller}: RequestSecrets): Promise<void> {
  checkEnvironment(environment)
  if (!caller && Object.keys(environment).length === 0 && Object.keys(taskEnvironments).length === 0) return
  await context.spool.write(requestId, {environment, taskEnvironments, ...(caller && {callerEnvironment: withoutJobserver(caller)})})
}

/** A task's make must not look for the jobserver of the make that called Helix: its descriptors are not passed on. */
function withoutJobserver(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const cleaned = {...environment}
  for (const name of ['MAKEFLAGS', 'MFLAGS']) {
    const flags = cleaned[name]?.split(' ')
    if (!flags?.some((flag) => flag.startsWith('--jobserver-'))) continue
    // -j without its jobserver would make the task's make start as many jobs as it likes.
    cleaned[name] = flags.filter((flag) => !/^(--jobserver-(auth|fds)=.*|-j\d*)$/.test(flag)).join(' ')
  }
  return cleaned
}
