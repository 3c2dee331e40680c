import type {ModelRow, ModelSource} from './model-store.js'

/** A model at one place, as `--json` shows it. */
export interface PlacedModelView extends ModelRow {
  /** As it is written to ask it: `provider/name`, or `provider@worker/name`. */
  model: string
}

export function viewPlacedModel(row: ModelRow): PlacedModelView {
  return {model: nameOf(row), ...row}
}

/** How a model at some place is asked. */
function nameOf({provider, name, worker}: ModelRow): string {
  // A server that was found on this machine, and that no provider of the config names, is reached as one on a worker.
  const isHere = worker === null || (worker === 'local' && !['llama-server', 'vllm'].includes(provider))
  return `${provider}${isHere ? '' : `@${worker}`}/${name}`
}

/** The same model at several places. */
export interface ModelPlaces {
  /** `provider/name` */
  model: string
  workers: string[]
  sizeBytes: number | null
  sources: ModelSource[]
}

/** Models with all their places, for a person: a thousand workers with the same model are one line. */
export function groupByModel(models: readonly PlacedModelView[]): ModelPlaces[] {
  return [...Map.groupBy(models, ({provider, name}) => `${provider}/${name}`)].map(([model, places]) => ({
    model,
    workers: places.map(({worker}) => worker ?? '-'),
    sizeBytes: places.find(({size_bytes}) => size_bytes !== null)?.size_bytes ?? null,
    sources: [...new Set(places.map(({source}) => source))].sort(),
  }))
}
