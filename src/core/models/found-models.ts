import type {Store} from '../data/store.js'
import {type PlacedModel, syncModels} from './model-store.js'

/** A model server that was found on a worker. */
export interface FoundServer {
  kind: 'ollama' | 'llama-server' | 'vllm'
  /** As the worker sees it. */
  url: string
  models: Omit<PlacedModel, 'provider'>[]
}

// What these have is loaded by whoever starts them; Ollama's models are on the worker's disk, whether it runs or not.
const GONE_WITH_THEIR_SERVER = ['llama-server', 'vllm']

/** Records which models a worker's servers have, each kind of server as the provider of that name. */
export async function storeFoundModels(store: Store, workerId: string, servers: readonly FoundServer[]): Promise<void> {
  const known = await store.prepared<{provider: string}>('SELECT DISTINCT provider FROM models WHERE worker_id = ?', [workerId])
  const ended = known.map(({provider}) => provider).filter((provider) => GONE_WITH_THEIR_SERVER.includes(provider))
  const found = Map.groupBy(servers, ({kind}) => kind as string)
  for (const kind of new Set([...ended, ...found.keys()]))
    await syncModels(
      store,
      workerId,
      kind,
      (found.get(kind) ?? []).flatMap(({models}) => models),
    )
}
