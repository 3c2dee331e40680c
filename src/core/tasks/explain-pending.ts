import type {Store} from '../data/store.js'
import type {WorkerRow} from '../workers/worker.js'
import {isEligible} from './placement.js'
import type {Requirements, TaskRow} from './task.js'

/** Why a task is not running yet. `hopeless` when nothing but a change by the user will let it. */
export interface PendingReason {
  text: string
  hopeless: boolean
}

export interface PendingFacts {
  workers: readonly WorkerRow[]
  /** Whether any living coordinator would take the task. */
  coordinated: boolean
}

/** Says why a pending task is pending. */
export async function explainPending(store: Store, task: TaskRow, facts: PendingFacts): Promise<PendingReason> {
  if (task.blocked_by > 0) return {text: `it waits for ${task.blocked_by} ${task.blocked_by === 1 ? 'task' : 'tasks'} that it needs`, hopeless: false}
  const none = explainNoWorker(task.requirements, facts.workers)
  if (none) return none
  if (!facts.coordinated) return {text: 'no coordinator is running; start one with: helix scheduler start', hopeless: false}
  if (Date.parse(task.available_at) > Date.now()) {
    const text = task.error_message === null ? `it starts at ${task.available_at}` : `it is tried again at ${task.available_at}: ${task.error_message}`
    return {text, hopeless: false}
  }
  const eligible = facts.workers.filter((worker) => worker.status === 'active' && isEligible(task.requirements, worker))
  const busy = await countRunning(store, eligible)
  const free = eligible.filter((worker) => (busy.get(worker.id) ?? 0) < worker.slots)
  if (free.length === 0) return {text: `all slots of ${eligible.map((worker) => worker.name).join(', ')} are in use`, hopeless: false}
  if (task.requirements.cpus || task.requirements.memory_bytes || task.requirements.gpus)
    return {text: `${free.map((worker) => worker.name).join(', ')} has no room for its CPUs, memory or GPUs now`, hopeless: false}
  return {text: 'it is about to start', hopeless: false}
}

/** Says why no worker can be given such a task, or undefined when an active one can. */
export function explainNoWorker(requirements: Requirements, workers: readonly WorkerRow[]): PendingReason | undefined {
  const eligible = workers.filter((worker) => isEligible(requirements, worker))
  if (eligible.length === 0) return {text: describeLack(requirements, workers), hopeless: true}
  if (eligible.some((worker) => worker.status === 'active')) return undefined
  const states = eligible.map(
    (worker) =>
      `${worker.name} is ${worker.status === 'maintenance' ? 'in maintenance' : worker.status}${worker.status_reason ? ` (${worker.status_reason})` : ''}`,
  )
  return {text: states.join('; '), hopeless: eligible.every((worker) => worker.status === 'failed')}
}

function describeLack(requirements: Requirements, workers: readonly WorkerRow[]): string {
  const {worker: name, capabilities = [], labels = {}, local, cpus, memory_bytes, gpus} = requirements
  const pool = workers.filter((worker) => (worker.origin === 'local') === (local === true) && (name === undefined || worker.name === name))
  if (pool.length === 0) return name ? `there is no worker named ${name}` : 'there is no worker'
  const who = name ?? 'no worker'
  const has = name ? 'lacks' : 'has'
  const missing = capabilities.filter((capability) => !pool.some((worker) => hasCapability(worker, capability)))
  if (missing.length > 0) return `${who} ${has} the capability ${missing.join(', ')}`
  const labelled = Object.entries(labels).filter(([key, value]) => !pool.some((worker) => worker.labels[key] === value))
  if (labelled.length > 0) return `${who} ${has} the label ${labelled.map(([key, value]) => `${key}=${value}`).join(', ')}`
  const count = (number: number | undefined, name: string) => number && `${number} ${name}${number === 1 ? '' : 's'}`
  const memory = memory_bytes && `${Number((memory_bytes / 1e9).toPrecision(3))} GB of memory`
  const resources = [count(cpus, 'CPU'), memory, count(gpus, 'GPU')].filter(Boolean)
  return `${who} ${has} all of what it asks for at once${resources.length > 0 ? `, with ${resources.join(', ')}` : ''}`
}

function hasCapability({capabilities, discovered}: WorkerRow, capability: string): boolean {
  return capabilities.includes(capability) || discovered.capabilities?.includes(capability) === true
}

async function countRunning(store: Store, workers: readonly WorkerRow[]): Promise<Map<string, number>> {
  if (workers.length === 0) return new Map()
  const rows = await store.query<{worker_id: string; count: number}>(
    `SELECT worker_id, count(*) AS count FROM tasks WHERE status = 'running' AND worker_id IN (${workers.map(() => '?').join(', ')}) GROUP BY worker_id`,
    workers.map((worker) => worker.id),
  )
  return new Map(rows.map((row) => [row.worker_id, Number(row.count)]))
}
