import {setTimeout as delay} from 'node:timers/promises'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {splitModel, splitWorker} from '../providers/model-name.js'
import type {LLMProvider, PullProgress} from '../providers/provider.js'
import {untilAborted} from '../until-aborted.js'
import type {WorkerRow} from '../workers/worker.js'
import {findWorker} from '../workers/worker-store.js'
import {type FleetContext, lookAtWorker, thisMachine} from './fleet-context.js'
import {runsHere} from './look-up-models.js'
import {type ModelSource, type PlacedModel, recordModel} from './model-store.js'

/** A pull goes on where it was cut off, so trying again costs little. */
const FURTHER_ATTEMPTS = 3
const PAUSE_MS = 1000
const CUTS = new Set(['STREAM_CUT', 'CONNECTION_LOST'])

export interface PullOptions {
  signal: AbortSignal
  onProgress: (progress: PullProgress) => void
  source: ModelSource
}

/**
 * Brings `provider/model` or `provider@worker/model` to where the provider runs, and records it. A pull whose connection is cut is gone
 * on with. Throws `usage` for a provider whose models are not the user's to fetch.
 */
export async function pullModel(context: FleetContext, name: string, {signal, onProgress, source}: PullOptions): Promise<PlacedModel> {
  const {provider: id, model} = splitModel(name)
  const entry = context.providers.find(id)
  const worker = entry.worker === undefined ? undefined : await findWorker(context, entry.worker)
  const pulled = await context.providers.use(id, async (provider): Promise<PlacedModel> => {
    const bytes = await pullPatiently(provider, id, model, signal, onProgress)
    // Only the list tells its full name and its digest; the model is there in any case.
    const models = await provider.listModels({signal}).catch(() => [])
    const found = models.find((listed) => listed.id === model || listed.id === `${model}:latest`)
    return {provider: splitWorker(id).provider, name: found?.id ?? model, sizeBytes: found?.sizeBytes ?? bytes, digest: found?.digest}
  })
  const here = worker ?? (runsHere(context.providers, entry) ? await thisMachine(context) : undefined)
  await recordModel(context.store, here?.id ?? null, pulled, source)
  if (worker) await announce(context, worker, signal)
  return pulled
}

async function pullPatiently(
  provider: LLMProvider,
  id: string,
  model: string,
  signal: AbortSignal,
  onProgress: PullOptions['onProgress'],
): Promise<number | undefined> {
  if (!provider.pullModel) throw new HelixError('usage', `the models of ${id} cannot be pulled`, {code: 'PULL_UNSUPPORTED'})
  let bytes: number | undefined
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const progress of provider.pullModel(model, {signal})) {
        bytes = progress.totalBytes ?? bytes
        onProgress(progress)
      }
      return bytes
    } catch (error) {
      if (attempt > FURTHER_ATTEMPTS || !HelixError.is(error) || !CUTS.has(error.code)) throw error
      onProgress({status: 'the connection was cut, going on'})
      await delay(PAUSE_MS * attempt, undefined, {signal}).catch(() => {
        throw error
      })
    }
  }
}

// From now on tasks can ask for it by the capability `model:NAME`.
async function announce(context: FleetContext, worker: WorkerRow, signal: AbortSignal): Promise<void> {
  await untilAborted(signal, lookAtWorker(context, worker)).catch((error: unknown) => context.logger.debug(`${worker.name}: ${messageOf(error)}`))
}
