import type {Writable} from 'node:stream'
import type {Logger} from '../logger.js'
import type {Spool} from '../tasks/spool.js'
import type {AutoInstaller} from '../workers/install/auto-installer.js'
import type {WorkerConnections} from '../workers/worker-connections.js'
import type {WorkerLookup} from '../workers/worker-store.js'
import type {FileProgress} from './copy-task-files.js'
import type {Retention} from './prune-logs.js'

/** What a request for tasks works with. */
export interface RequestContext extends WorkerLookup {
  connections: WorkerConnections
  spool: Spool
  logger: Logger
  /** Called while files are copied for tasks. */
  onCopy?: ((progress: FileProgress) => void) | undefined
  /** Tasks that one coordinator runs at once. */
  maxTasks: number
  /** Seconds between two looks at a worker's health. */
  healthCheckSeconds: number
  /** Whether tasks go to workers other than this machine at all. */
  workersEnabled: boolean
  /** How long and how much workers keep of tasks that have ended. */
  retention: Retention
  /** Brings Helix to workers that lack it; absent where that is not wished. */
  installer?: AutoInstaller | undefined
  /** Name of the project that what is queued belongs to; `default` when absent. */
  project?: string | undefined
  /** Models by their aliases. */
  aliases: Readonly<Record<string, string>>
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
