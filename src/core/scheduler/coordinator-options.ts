import type {Store} from '../data/store.js'
import type {Logger} from '../logger.js'
import type {CopyTaskFilesOptions} from '../requests/copy-task-files.js'
import type {ClaimedTask} from '../tasks/claim-tasks.js'
import type {AttemptEnd, SettledTask} from '../tasks/complete-attempts.js'
import type {Spool} from '../tasks/spool.js'
import type {AutoInstaller} from '../workers/install/auto-installer.js'
import type {WorkerConnections} from '../workers/worker-connections.js'
import type {CoordinatorKind} from './coordinator-lease.js'

/** What a coordinator tells whoever started it. */
export interface CoordinatorEvents {
  /** An attempt was sent to its worker; its output can be read from there. */
  started?: (claimed: ClaimedTask) => void
  /** The end of an attempt has been stored, or refused because another coordinator owns it by now. */
  ended?: (end: AttemptEnd) => void
  /** Tasks that are over. */
  settled?: (tasks: SettledTask[]) => void
}

export interface CoordinatorOptions {
  kind: CoordinatorKind
  store: Store
  connections: WorkerConnections
  spool: Spool
  logger: Logger
  hostId: string
  /** Program and arguments that start this Helix, which answers tasks of type `llm`. */
  helix: readonly string[]
  /** Seconds between two looks at a worker. */
  healthCheckSeconds: number
  /** Tasks that may run at once under this coordinator. */
  maxTasks: number
  maxPerWorker?: number | undefined
  /** Brings Helix to workers that a scheduler meets without it. */
  installer?: AutoInstaller | undefined
  /** Hears how far files of tasks have come. */
  onCopy?: CopyTaskFilesOptions['onProgress']
  events?: CoordinatorEvents
}
