import type {SshSettings} from '../ssh/ssh-settings.js'

export type WorkerStatus = 'active' | 'inactive' | 'maintenance' | 'failed'

/** What a worker has to offer; a figure that is not known is absent. */
export interface WorkerResources {
  cpus?: number
  memory_bytes?: number
  gpus?: number
  /** Size of the file system that attempt folders are on. */
  disk_bytes?: number
  /** `local` only: where this machine keeps its attempt folders. */
  attempts_root?: string
}

/** What a worker was found to be and to have; empty before the first look. */
export interface WorkerFacts {
  /** As Node names them: `linux`, `darwin`; `x64`, `arm64`. */
  system?: string
  arch?: string
  libc?: 'glibc' | 'musl'
  /** Capabilities that follow from what was found, such as `docker`, `gpu`, `ollama`. */
  capabilities?: string[]
  /** Versions by program, such as `git`. */
  tools?: Record<string, string>
  gpus?: {name: string; memory_bytes?: number}[]
  model_servers?: {kind: 'ollama' | 'llama-server' | 'vllm'; url: string; models: string[]}[]
}

/** How busy a worker was when it was last looked at; a figure that is not known is absent. */
export interface WorkerLoad {
  /** Of all its CPUs together, 0 to 100. */
  cpu_percent?: number
  memory_used_bytes?: number
  gpu_percent?: number
  disk_free_bytes?: number
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
  discovered: WorkerFacts
  load: WorkerLoad
  /** When it was last looked at. */
  checked_at: string | null
  /** The Helix that is installed there. */
  helix_version: string | null
  slots: number
  status: WorkerStatus
  status_reason: string | null
  retry_at: string | null
  connect_failures: number
  /** How often its connection was lost lately, and when last. */
  losses: number
  lost_at: string | null
  last_heartbeat: string | null
  created_at: string
  updated_at: string
}
