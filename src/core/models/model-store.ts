import {randomUUID} from 'node:crypto'
import type {Knex} from 'knex'
import {query} from '../data/sql.js'
import type {Store} from '../data/store.js'

/** How Helix came to know of a model: it brought it to one place, to many, or found it there. */
export type ModelSource = 'pulled' | 'deployed' | 'discovered'

/** A model at some place. */
export interface PlacedModel {
  /** Id of the provider, without a worker. */
  provider: string
  /** As the provider names it. */
  name: string
  sizeBytes?: number | undefined
  /** Of its content, where the provider tells one. */
  digest?: string | undefined
}

/** A model as the table `models` has it, with its worker. */
export interface ModelRow {
  provider: string
  name: string
  /** `local` is this machine; null where only the provider knows where the model is. */
  worker: string | null
  worker_status: string | null
  size_bytes: number | null
  digest: string | null
  source: ModelSource
  created_at: string
  /** When it was last seen there. */
  seen_at: string
}

/** Which models are asked for. */
export interface ModelFilter {
  worker?: string | undefined
  provider?: string | undefined
}

/** The models that are known, those of workers that this machine can see. */
export async function listModels(store: Store, hostId: string, {worker, provider}: ModelFilter = {}): Promise<ModelRow[]> {
  const conditions = [
    `(models.worker_id IS NULL OR workers.host_id IN ('', ?))`,
    ...(worker === undefined ? [] : ['workers.name = ?']),
    ...(provider === undefined ? [] : ['models.provider = ?']),
  ]
  const rows = await store.query<ModelRow>(
    `SELECT models.provider, models.name, workers.name AS worker, workers.status AS worker_status, size_bytes, digest, source, models.created_at, seen_at
     FROM models LEFT JOIN workers ON workers.id = models.worker_id
     WHERE ${conditions.join(' AND ')} ORDER BY models.provider, models.name, workers.name`,
    [hostId, ...(worker === undefined ? [] : [worker]), ...(provider === undefined ? [] : [provider])],
  )
  // PostgreSQL hands over what may not fit into a number as text.
  return rows.map((row) => ({...row, size_bytes: row.size_bytes === null ? null : Number(row.size_bytes)}))
}

/** Records that a model was brought to a worker, or to wherever the provider keeps it (null). */
export function recordModel(store: Store, workerId: string | null, model: PlacedModel, source: ModelSource): Promise<void> {
  return store.write((trx) => putModel(trx, store, workerId, model, source))
}

/** Records what a provider has at a worker: models that are new to Helix come in, those that are not there any more go. */
export function syncModels(store: Store, workerId: string, provider: string, models: readonly Omit<PlacedModel, 'provider'>[]): Promise<void> {
  return store.write(async (trx) => {
    const known = await query<{name: string}>(trx, 'SELECT name FROM models WHERE worker_id = ? AND provider = ?', [workerId, provider])
    const there = new Set(models.map(({name}) => name))
    for (const {name} of known) {
      if (!there.has(name)) await query(trx, 'DELETE FROM models WHERE worker_id = ? AND provider = ? AND name = ?', [workerId, provider, name])
    }
    // In one order, so that two who do this at the same time do not wait for each other.
    for (const model of models.toSorted((a, b) => (a.name < b.name ? -1 : 1))) await putModel(trx, store, workerId, {...model, provider}, 'discovered')
  })
}

// What Helix has brought stays known as that when it is found again.
async function putModel(trx: Knex, {sql}: Store, workerId: string | null, model: PlacedModel, source: ModelSource): Promise<void> {
  const {provider, name, sizeBytes = null, digest = null} = model
  const place = workerId === null ? 'worker_id IS NULL' : 'worker_id IS NOT NULL'
  await query(
    trx,
    `INSERT INTO models (id, worker_id, provider, name, size_bytes, digest, source) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (${workerId === null ? '' : 'worker_id, '}provider, name) WHERE ${place} DO UPDATE SET
       size_bytes = coalesce(excluded.size_bytes, models.size_bytes), digest = coalesce(excluded.digest, models.digest), seen_at = ${sql.now},
       source = CASE WHEN excluded.source = 'discovered' THEN models.source ELSE excluded.source END`,
    [randomUUID(), workerId, provider, name, sizeBytes, digest, source],
  )
}
