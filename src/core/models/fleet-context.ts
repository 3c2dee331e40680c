import type {Logger} from '../logger.js'
import type {ProviderRegistry} from '../providers/provider-registry.js'
import {probeWorker} from '../workers/probe-worker.js'
import type {WorkerRow} from '../workers/worker.js'
import {scriptEnvironment, type WorkerConnections} from '../workers/worker-connections.js'
import {listWorkers, storeProbe, type WorkerLookup} from '../workers/worker-store.js'

/** What looking after the models of all places works with. */
export interface FleetContext extends WorkerLookup {
  connections: WorkerConnections
  providers: ProviderRegistry
  logger: Logger
}

/** Finds out anew what a worker has, its models too. Rejects as connecting to it does. */
export async function lookAtWorker({store, connections}: FleetContext, worker: WorkerRow): Promise<void> {
  const transport = await connections.get(worker)
  await storeProbe(store, worker.id, await probeWorker(transport, scriptEnvironment(worker)))
}

/** This machine as a worker. */
export async function thisMachine({store, hostId}: FleetContext): Promise<WorkerRow | undefined> {
  return (await listWorkers(store, hostId)).find((worker) => worker.origin === 'local')
}
