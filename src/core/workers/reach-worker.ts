import {HelixError} from '../errors/helix-error.js'
import type {ReachedWorker} from '../providers/provider-registry.js'
import type {WorkerConnections} from './worker-connections.js'
import {findWorker, type WorkerLookup} from './worker-store.js'

/** Looks a worker up as the place where a model server runs, without connecting to it yet. Throws as `findWorker` does. */
export async function reachWorker(lookup: WorkerLookup, connections: WorkerConnections, name: string): Promise<ReachedWorker> {
  const worker = await findWorker(lookup, name)
  const servers = worker.discovered.model_servers ?? []
  return {
    serverUrl: (kind) => servers.find((server) => server.kind === kind && URL.canParse(server.url))?.url,
    async dial(host, port, timeoutMs) {
      const transport = await connections.get(worker)
      return transport.dial(host, port, timeoutMs).catch((error: unknown) => {
        throw HelixError.is(error) && error.code === 'TUNNEL_FAILED' ? withHint(error, name) : error
      })
    },
  }
}

function withHint({kind, code, message, cause}: HelixError, name: string): HelixError {
  const hint = `Is the model server running there? What was found: helix worker show ${name}; to look again: helix worker test ${name}`
  return new HelixError(kind, message, {code, hint, cause})
}
