import type {Writable} from 'node:stream'
import type {Logger} from '../logger.js'
import type {Spool} from '../tasks/spool.js'
import type {WorkerConnections} from '../workers/worker-connections.js'
import type {WorkerLookup} from '../workers/worker-store.js'

/** What a request for tasks works with. */
export interface RequestContext extends WorkerLookup {
  connections: WorkerConnections
  spool: Spool
  logger: Logger
  /** Tasks that one coordinator runs at once. */
  maxTasks: number
  /** Seconds between two looks at a worker's health. */
  healthCheckSeconds: number
  /** Whether tasks go to workers other than this machine at all. */
  workersEnabled: boolean
  /** Program and arguments that start this Helix. */
  helix: readonly string[]
  /** Starts `helix scheduler start --drain` in the background. */
  startScheduler: () => Promise<void>
}

/** Where the output of tasks goes. */
export interface TaskOutput {
  stdout: Writable
  stderr: Writable
}
