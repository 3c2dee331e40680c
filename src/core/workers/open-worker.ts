import type {AskSecret} from '../ssh/authenticate.js'
import {openConnection} from '../ssh/open-connection.js'
import type {Transport} from './transport.js'
import type {WorkerRow} from './worker.js'

/** Connects to a worker that is in the store. Only the host key accepted for it, or one that known_hosts has, is taken. */
export function openWorker(worker: WorkerRow, knownHostsFile: string, askSecret: AskSecret | undefined): Promise<Transport> {
  return openConnection(worker.ssh_config, {ownFile: knownHostsFile}, askSecret ? {askSecret} : {})
}
