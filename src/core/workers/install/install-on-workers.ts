import {forEachAtOnce} from '../../at-once.js'
import type {Store} from '../../data/store.js'
import {HelixError, messageOf} from '../../errors/helix-error.js'
import {install, look} from '../connect-worker.js'
import type {Transport} from '../transport.js'
import type {WorkerRow} from '../worker.js'
import {type WorkerStep, WorkerSteps} from '../worker-steps.js'
import {findWorker, listWorkers, recordInstallation, type WorkerLookup} from '../worker-store.js'
import type {Installation, InstallOptions, InstallSource} from './install-helix.js'

/** Workers that are installed on at the same time. */
const AT_ONCE = 4

/** How the installation on one worker ended. */
export interface InstallResult {
  worker: string
  installation: Installation | undefined
  steps: WorkerStep[]
  error: HelixError | undefined
}

export interface InstallRequest {
  store: Store
  source: InstallSource
  connect: (worker: WorkerRow) => Promise<Transport>
  force: boolean
  onStep: (worker: string, step: WorkerStep) => void
  onProgress?: (worker: string, ...progress: Parameters<NonNullable<InstallOptions['onProgress']>>) => void
}

/** The workers of these names, or all that are reached over SSH. Throws `usage` unless it is one of the two, and for `local`. */
export async function selectWorkers(lookup: WorkerLookup, names: readonly string[], all: boolean): Promise<WorkerRow[]> {
  if (all ? names.length > 0 : names.length === 0) throw new HelixError('usage', 'name the workers, or say --all', {code: 'WORKERS_UNCLEAR'})
  if (all) return (await listWorkers(lookup.store, lookup.hostId)).filter((worker) => worker.origin !== 'local')
  if (names.includes('local')) throw new HelixError('usage', '`local` is this machine; it runs the Helix that you use', {code: 'WORKER_IS_LOCAL'})
  return Promise.all([...new Set(names)].map((name) => findWorker(lookup, name)))
}

/** Installs Helix on workers, a few at a time; a failure on one is in its result and hinders no other. */
export async function installOnWorkers(workers: readonly WorkerRow[], request: InstallRequest): Promise<InstallResult[]> {
  const results: InstallResult[] = []
  await forEachAtOnce(workers, AT_ONCE, async (worker, index) => {
    results[index] = await installOnWorker(worker, request)
  })
  return results
}

async function installOnWorker(worker: WorkerRow, {store, source, connect, force, onStep, onProgress}: InstallRequest): Promise<InstallResult> {
  const steps = new WorkerSteps((step) => onStep(worker.name, step))
  const options: InstallOptions = {force, ...(onProgress && {onProgress: (...progress) => onProgress(worker.name, ...progress)})}
  try {
    const transport = await steps.run('connect', async () => [await connect(worker), `${worker.username}@${worker.hostname}:${worker.port}`])
    const check = await steps.run('check installation', () => look(transport, source))
    const installation = await steps.run('install', () => install(transport, source, check, options))
    await recordInstallation(store, worker.id, installation.version)
    return {worker: worker.name, installation, steps: steps.all, error: undefined}
  } catch (error) {
    const failure = HelixError.is(error) ? error : new HelixError('bug', messageOf(error), {code: 'UNEXPECTED', cause: error})
    return {worker: worker.name, installation: undefined, steps: steps.all, error: failure}
  }
}
