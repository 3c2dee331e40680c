import type {Store} from '../data/store.js'
import type {WorkerFacts, WorkerLoad, WorkerResources, WorkerRow, WorkerStatus} from './worker.js'
import {failNotFound, listWorkers, type WorkerLookup} from './worker-store.js'

/** A worker as `--json` and the API show it; references to secrets, never secrets. */
export interface WorkerView {
  id: string
  name: string
  status: WorkerStatus
  status_reason: string | null
  origin: WorkerRow['origin']
  host: string
  port: number
  username: string
  host_key: string | null
  /** Who speaks SSH; null for this machine. */
  transport: 'ssh2' | 'openssh' | null
  slots: number
  running: number
  capabilities: string[]
  labels: Record<string, string>
  resources: WorkerResources
  /** What the worker was found to be and to have; placement takes its `capabilities` as it takes those declared. */
  facts: WorkerFacts
  load: WorkerLoad
  checked_at: string | null
  /** When a worker that is away is tried again. */
  retry_at: string | null
  helix_version: string | null
  last_heartbeat: string | null
  created_at: string
}

/** All workers that this machine can see, with how many tasks run on each. */
export async function viewWorkers(store: Store, hostId: string): Promise<WorkerView[]> {
  const running = await countRunning(store)
  return (await listWorkers(store, hostId)).map((worker) => ({
    id: worker.id,
    name: worker.name,
    status: worker.status,
    status_reason: worker.status_reason,
    origin: worker.origin,
    host: worker.hostname,
    port: worker.port,
    username: worker.username,
    host_key: worker.ssh_config.hostKey ?? null,
    transport: worker.origin === 'local' ? null : (worker.ssh_config.transport ?? 'ssh2'),
    slots: worker.slots,
    running: running.get(worker.id) ?? 0,
    capabilities: worker.capabilities,
    labels: worker.labels,
    resources: worker.resources,
    facts: worker.discovered,
    load: worker.load,
    checked_at: worker.checked_at,
    retry_at: worker.retry_at,
    helix_version: worker.helix_version,
    last_heartbeat: worker.last_heartbeat,
    created_at: worker.created_at,
  }))
}

/** How many tasks run on each worker, by its id. */
export async function countRunning(store: Store): Promise<Map<string, number>> {
  const rows = await store.query<{worker_id: string; count: number}>(
    `SELECT worker_id, count(*) AS count FROM tasks WHERE status = 'running' GROUP BY worker_id`,
  )
  return new Map(rows.map((row) => [row.worker_id, Number(row.count)]))
}

/** One worker. Throws as `findWorker` does for a name that no worker has. */
export async function viewWorker(lookup: WorkerLookup, name: string): Promise<WorkerView> {
  const workers = await viewWorkers(lookup.store, lookup.hostId)
  return workers.find((worker) => worker.name === name) ?? failNotFound(lookup, name, workers)
}

/** What a worker can do as far as it was found out, beyond what it was declared to. */
export function foundCapabilities({capabilities, facts}: Pick<WorkerView, 'capabilities' | 'facts'>): string[] {
  return (facts.capabilities ?? []).filter((capability) => !capabilities.includes(capability))
}
