import type {WorkerRow} from '../workers/worker.js'
import type {Requirements} from './task.js'

const STRAINED_CPU_PERCENT = 90

interface Room {
  worker: WorkerRow
  slots: number
  cpus: number
  memory: number
  gpus: number
}

/** Whether a worker could ever run such a task, busy or not. Resources that are not known are taken to be enough. */
export function isEligible(requirements: Requirements, worker: WorkerRow): boolean {
  if ((worker.origin === 'local') !== (requirements.local === true)) return false
  if (requirements.worker !== undefined && requirements.worker !== worker.name) return false
  if (requirements.capabilities?.some((capability) => !hasCapability(worker, capability))) return false
  if (requirements.labels && Object.entries(requirements.labels).some(([name, value]) => worker.labels[name] !== value)) return false
  const {cpus, memory_bytes, gpus} = worker.resources
  return fits(requirements.cpus, cpus) && fits(requirements.memory_bytes, memory_bytes) && fits(requirements.gpus, gpus)
}

/**
 * Gives each task, in the order given, the eligible worker with the lowest load after placing it.
 * Tasks for which no worker has room are left out; they do not hold up those behind them.
 */
export function choosePlacements<T extends {id: string; requirements: Requirements}>(
  tasks: readonly T[],
  workers: readonly WorkerRow[],
  running: ReadonlyMap<string, readonly Requirements[]>,
  limits: {limit: number; maxPerWorker?: number | undefined},
): {id: string; worker: WorkerRow}[] {
  const rooms = workers.map((worker) => roomOf(worker, running.get(worker.id) ?? [], limits.maxPerWorker))
  const placed: {id: string; worker: WorkerRow}[] = []
  for (const task of tasks) {
    if (placed.length >= limits.limit) break
    let best: Room | undefined
    for (const room of rooms) {
      if (!hasRoom(task.requirements, room) || !isEligible(task.requirements, room.worker)) continue
      if (!best || ranksBefore(room, best)) best = room
    }
    if (!best) continue
    take(best, task.requirements)
    placed.push({id: task.id, worker: best.worker})
  }
  return placed
}

function roomOf(worker: WorkerRow, running: readonly Requirements[], maxPerWorker = worker.slots): Room {
  const {cpus = Number.POSITIVE_INFINITY, memory_bytes = Number.POSITIVE_INFINITY, gpus = Number.POSITIVE_INFINITY} = worker.resources
  const room = {worker, slots: Math.min(worker.slots, maxPerWorker), cpus, memory: memory_bytes, gpus}
  for (const requirements of running) take(room, requirements)
  return room
}

function take(room: Room, requirements: Requirements): void {
  room.slots -= 1
  room.cpus -= requirements.cpus ?? 0
  room.memory -= requirements.memory_bytes ?? 0
  room.gpus -= requirements.gpus ?? 0
}

function hasRoom(requirements: Requirements, room: Room): boolean {
  return room.slots > 0 && (requirements.cpus ?? 0) <= room.cpus && (requirements.memory_bytes ?? 0) <= room.memory && (requirements.gpus ?? 0) <= room.gpus
}

function loadAfter(room: Room): number {
  return (room.worker.slots - room.slots + 1) / room.worker.slots
}

/** Among workers of equal load those whose CPUs are kept busy, by whomever, come last. */
function ranksBefore(a: Room, b: Room): boolean {
  const [load, other] = [loadAfter(a), loadAfter(b)]
  return load === other ? !isStrained(a.worker) && isStrained(b.worker) : load < other
}

function isStrained({load}: WorkerRow): boolean {
  return (load.cpu_percent ?? 0) >= STRAINED_CPU_PERCENT
}

/** Declared, or found on the worker. */
function hasCapability(worker: WorkerRow, capability: string): boolean {
  return worker.capabilities.includes(capability) || worker.discovered.capabilities?.includes(capability) === true
}

function fits(wanted: number | undefined, there: number | undefined): boolean {
  return wanted === undefined || there === undefined || wanted <= there
}
