import type {SshSettings} from '../ssh/ssh-settings.js'

export type WorkerStatus = 'active' | 'inactive' | 'maintenance' | 'failed'

/** What a worker has to offer; a figure that is not known is absent. */
export interface WorkerResources {
  cpus?: number
  memory_bytes?: number
  gpus?: number
  /** `local` only: where this machine keeps its attempt folders. */
  attempts_root?: string
}

/** A row of `workers`, JSON columns parsed. */
export interface WorkerRow {
  id: string
  name: string
  hostname: string
  port: number
  username: string
  /** The machine that a `local` worker stands for; empty for one reached over SSH. */
  host_id: string
  origin: 'command' | 'config' | 'local'
  ssh_config: SshSettings
  capabilities: string[]
  labels: Record<string, string>
  resources: WorkerResources
  slots: number
  status: WorkerStatus
  status_reason: string | null
  retry_at: string | null
  connect_failures: number
  last_heartbeat: string | null
  created_at: string
  updated_at: string
}
