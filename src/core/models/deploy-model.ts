import {forEachAtOnce} from '../at-once.js'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {splitModel, splitWorker} from '../providers/model-name.js'
import type {PullProgress} from '../providers/provider.js'
import type {WorkerRow} from '../workers/worker.js'
import {findWorker, listWorkers, type WorkerLookup} from '../workers/worker-store.js'
import type {FleetContext} from './fleet-context.js'
import {type PlacedModel, recordModel} from './model-store.js'
import {pullModel} from './pull-model.js'
import {type ModelFile, modelFilePath, readModelFile, sendModelFile} from './send-model-file.js'

/** Workers that fetch a model at the same time: it is their own connections that are busy. */
const AT_ONCE = 8

/** Which workers are meant; exactly one of the three. */
export interface Targets {
  workers: readonly string[]
  /** All that have each of these. */
  capabilities: readonly string[]
  all: boolean
}

export interface DeployRequest {
  /** `provider/model`, or the path of a GGUF file. */
  model: string
  workers: readonly WorkerRow[]
  signal: AbortSignal
  onProgress: (worker: string, progress: PullProgress) => void
  onEnd: (result: DeployResult) => void
}

/** How it ended on one worker: the model, or why it is not there. */
export interface DeployResult {
  worker: string
  model: PlacedModel | undefined
  error: HelixError | undefined
}

/** The workers that are meant. Throws `usage` unless they are named in one way, and where there is none. */
export async function selectTargets(lookup: WorkerLookup, {workers: names, capabilities, all}: Targets): Promise<WorkerRow[]> {
  if ([names.length > 0, capabilities.length > 0, all].filter(Boolean).length !== 1) {
    throw new HelixError('usage', 'say which workers: --worker, --capability or --all', {code: 'WORKERS_UNCLEAR'})
  }
  if (names.length > 0) return Promise.all([...new Set(names)].map((name) => findWorker(lookup, name)))
  const pool = (await listWorkers(lookup.store, lookup.hostId)).filter((worker) => worker.origin !== 'local')
  const chosen = pool.filter(({capabilities: declared, discovered}) => {
    const has = new Set([...declared, ...(discovered.capabilities ?? [])])
    return capabilities.every((capability) => has.has(capability))
  })
  if (chosen.length > 0) return chosen
  const what = all ? 'there is no worker that is reached over SSH' : `no worker has ${capabilities.join(' and ')}`
  throw new HelixError('usage', what, {code: 'WORKER_NOT_FOUND', hint: 'See what they have: helix worker list --wide'})
}

/** Brings a model to workers, several at a time; a failure on one is in its result and hinders no other. Throws `usage` for a name that is none. */
export async function deployModel(context: FleetContext, {model, workers, signal, onProgress, onEnd}: DeployRequest): Promise<DeployResult[]> {
  const path = modelFilePath(model)
  const bring = path === undefined ? pulling(context, model, workers) : copying(context, await readModelFile(path, signal))
  const results: DeployResult[] = []
  await forEachAtOnce(workers, AT_ONCE, async (worker, index) => {
    const result: DeployResult = {worker: worker.name, model: undefined, error: undefined}
    try {
      result.model = await bring(worker, signal, (progress) => onProgress(worker.name, progress))
    } catch (error) {
      result.error = HelixError.is(error) ? error : new HelixError('bug', messageOf(error), {code: 'UNEXPECTED', cause: error})
    }
    results[index] = result
    onEnd(result)
  })
  return results
}

type Bring = (worker: WorkerRow, signal: AbortSignal, onProgress: (progress: PullProgress) => void) => Promise<PlacedModel>

function pulling(context: FleetContext, name: string, workers: readonly WorkerRow[]): Bring {
  const {provider, model} = splitModel(name)
  if (splitWorker(provider).worker !== undefined) {
    throw new HelixError('usage', `${name} names a worker already`, {code: 'MODEL_INVALID', hint: `Fetch it there with: helix model pull ${name}`})
  }
  context.providers.find(`${provider}@${workers[0]?.name}`)
  return (worker, signal, onProgress) => pullModel(context, `${provider}@${worker.name}/${model}`, {signal, source: 'deployed', onProgress})
}

function copying({connections, store}: FleetContext, file: ModelFile): Bring {
  return async (worker, signal, onProgress) => {
    const transport = await connections.get(worker)
    const show = (completedBytes: number, totalBytes: number) => onProgress({status: 'copying', completedBytes, totalBytes})
    const model = await sendModelFile(transport, file, signal, show)
    await recordModel(store, worker.id, model, 'deployed')
    return model
  }
}
