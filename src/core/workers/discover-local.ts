import type {Store} from '../data/store.js'
import {probeWorker} from './probe-worker.js'
import type {WorkerRow} from './worker.js'
import {scriptEnvironment, type WorkerConnections} from './worker-connections.js'
import {storeProbe} from './worker-store.js'

/**
 * Looks at what this machine has, unless that is known: nobody adds it as a worker, and only a scheduler checks it in time.
 * Takes a second or two. Rejects as `probeWorker` does.
 */
export async function discoverLocal(store: Store, connections: WorkerConnections, local: WorkerRow): Promise<boolean> {
  if (Object.keys(local.discovered).length > 0) return false
  await storeProbe(store, local.id, await probeWorker(await connections.get(local), scriptEnvironment(local)))
  return true
}
