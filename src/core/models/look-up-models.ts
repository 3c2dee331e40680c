import {forEachAtOnce} from '../at-once.js'
import {HelixError} from '../errors/helix-error.js'
import {nearestName} from '../nearest-name.js'
import {splitModel, splitWorker} from '../providers/model-name.js'
import {isThisMachine, MODEL_SERVERS} from '../providers/model-servers.js'
import type {ProviderEntry, ProviderRegistry} from '../providers/provider-registry.js'
import {untilAborted} from '../until-aborted.js'
import type {WorkerRow} from '../workers/worker.js'
import {findWorker, listWorkers} from '../workers/worker-store.js'
import {type FleetContext, lookAtWorker, thisMachine} from './fleet-context.js'
import {listModels, type ModelFilter, syncModels} from './model-store.js'
import {type PlacedModelView, viewPlacedModel} from './model-view.js'

const LOOKS_AT_ONCE = 16
/** A server of this machine that takes longer is not waited for. */
const LONGEST_LOOK_MS = 5000

export interface LookOptions extends ModelFilter {
  signal: AbortSignal
  /** Asks the workers, too; by default what was last seen of them counts. */
  refresh: boolean
  /** Hears of a worker that could not be asked. */
  onFailure: (worker: string, error: unknown) => void
  /** Hears which workers are known to be away, and were not asked for that. */
  onAway: (workers: string[]) => void
}

/**
 * The models that are known, after a look at the servers of this machine and, where asked for, at those of the workers. Throws `usage`
 * for a worker or a provider that there is not, and what kept a worker that was named from being asked.
 */
export async function lookUpModels(context: FleetContext, options: LookOptions): Promise<PlacedModelView[]> {
  const {worker, provider, refresh, signal} = options
  const named = worker === undefined ? undefined : await findWorker(context, worker)
  if (provider !== undefined && !MODEL_SERVERS.has(provider)) context.providers.find(provider)
  if (refresh) {
    await untilAborted(signal, named ? lookAtWorker(context, named) : lookAtAll(context, options))
  }
  if (!named || named.origin === 'local') await lookAtThisMachine(context, provider, signal)
  return (await listModels(context.store, context.hostId, {worker, provider})).map(viewPlacedModel)
}

/** One model at all places, or at the worker that its name has. Throws `usage` where nobody is known to have it. */
export async function showModel(context: FleetContext, name: string, signal: AbortSignal): Promise<PlacedModelView[]> {
  const {provider: id, model} = splitModel(name)
  const {provider, worker} = splitWorker(id)
  const models = await lookUpModels(context, {worker, provider, signal, refresh: false, onFailure: () => {}, onAway: () => {}})
  const found = models.filter((placed) => placed.name === model || placed.name === `${model}:latest`)
  if (found.length > 0) return found
  const meant = nearestName(
    model,
    models.map((placed) => placed.name),
  )
  throw new HelixError('usage', `${name} is not known${worker === undefined ? ' anywhere' : ''}`, {
    code: 'MODEL_UNKNOWN',
    hint: meant === undefined ? 'See what there is: helix model list --refresh' : `Did you mean ${id}/${meant}?`,
  })
}

async function lookAtAll(context: FleetContext, {signal, onAway, onFailure}: LookOptions): Promise<void> {
  const workers = await listWorkers(context.store, context.hostId)
  // They would be waited for in vain; whoever names one has it tried.
  const isAway = ({status}: WorkerRow) => status === 'inactive' || status === 'failed'
  const away = workers.filter(isAway).map(({name}) => name)
  if (away.length > 0) onAway(away)
  await forEachAtOnce(
    workers.filter((worker) => !isAway(worker)),
    LOOKS_AT_ONCE,
    async (worker) => {
      if (!signal.aborted) await lookAtWorker(context, worker).catch((error: unknown) => signal.aborted || onFailure(worker.name, error))
    },
  )
}

async function lookAtThisMachine(context: FleetContext, provider: string | undefined, signal: AbortSignal): Promise<void> {
  const here = await thisMachine(context)
  if (!here) return
  const entries = context.providers.list().filter(({id}) => provider === undefined || id === provider)
  await Promise.all(
    entries.map(async (entry) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_LOOK_MS)])
      try {
        if (!runsHere(context.providers, entry)) return
        const models = await context.providers.use(entry.id, (opened) => opened.listModels({signal: limit}))
        await syncModels(
          context.store,
          here.id,
          entry.id,
          models.map(({id, ...model}) => ({name: id, ...model})),
        )
      } catch (error) {
        // A server that is not running, or not set up, is nothing to complain of: what it had when it ran stays known.
        if (!HelixError.is(error) || signal.aborted) throw error
        context.logger.debug(`${entry.id}: ${error.message}`)
      }
    }),
  )
}

/** Whether a provider is a server of this machine, or runs in this process. */
export function runsHere(providers: ProviderRegistry, entry: ProviderEntry): boolean {
  const {base_url: address} = providers.settings(entry)
  return address === undefined ? !entry.plugin.keyRequired && entry.plugin.keyVariables.length === 0 : isThisMachine(address)
}
