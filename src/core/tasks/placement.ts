import type {WorkerRow} from '../workers/worker.js'
import {Heap} from './heap.js'
import type {Requirements} from './task.js'

const STRAINED_CPU_PERCENT = 90

/** What tasks take of a worker. */
export interface Usage {
  slots: number
  cpus: number
  memory_bytes: number
  gpus: number
}

export const RESOURCES = ['slots', 'cpus', 'memory_bytes', 'gpus'] as const

/** A worker and what is left of it. */
export interface Room {
  worker: WorkerRow
  /** What it may be given in all; infinite where it is not known. */
  limits: Usage
  used: Usage
}

/** Tasks with equal requirements, of one project. */
export interface ReadyClass {
  key: string
  projectId: string
  requirements: Requirements
  /** The tasks that could run now, the first one first: a few of them, or one for all of a class that is alone. */
  heads: readonly {priority: number; seq: number}[]
  /** How many tasks there may be, where `heads` does not say it. */
  atMost?: number
}

/** What projects have been given. */
export interface Shares {
  /** How many tasks of each project run. */
  running: Map<string, number>
  /** When each project was given a worker last: higher is later. */
  turns: Map<string, number>
}

/** How many tasks of a class go to which workers, in the order of the tasks. */
export interface PlacedClass {
  ready: ReadyClass
  rooms: Room[]
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

/** Declared, or found on the worker. */
function hasCapability(worker: WorkerRow, capability: string): boolean {
  return worker.capabilities.includes(capability) || worker.discovered.capabilities?.includes(capability) === true
}

/** What a task with these requirements takes. */
export function usageOf({cpus = 0, memory_bytes = 0, gpus = 0}: Requirements): Usage {
  return {slots: 1, cpus, memory_bytes, gpus}
}

/** A worker of which nothing is used yet; `maxTasks` is less than its slots where a request wants that. */
export function roomOf(worker: WorkerRow, maxTasks = Number.POSITIVE_INFINITY): Room {
  const {cpus = Number.POSITIVE_INFINITY, memory_bytes = Number.POSITIVE_INFINITY, gpus = Number.POSITIVE_INFINITY} = worker.resources
  return {worker, limits: {slots: Math.min(worker.slots, maxTasks), cpus, memory_bytes, gpus}, used: {slots: 0, cpus: 0, memory_bytes: 0, gpus: 0}}
}

/**
 * Gives tasks to the eligible worker with the lowest load after placing each. The higher priority goes first; among equals the
 * project of which the fewest tasks run, then the one whose last turn was longest ago (with a single slot nothing runs whenever
 * one is given), then the older task. A class without room does not hold up the others. What is given is added to `used` of the
 * rooms and to `shares`.
 */
export function choosePlacements(
  classes: readonly ReadyClass[],
  eligibleRooms: (ready: ReadyClass) => readonly Room[],
  shares: Shares,
  limit: number,
): PlacedClass[] {
  const queues = classes.map((ready) => ({ready, next: 0, usage: usageOf(ready.requirements), candidates: undefined as Heap<Candidate> | undefined}))
  const placed = new Map<ReadyClass, Room[]>()
  let turn = Math.max(0, ...shares.turns.values())
  let waiting = queues.filter(({ready}) => countOf(ready) > 0)
  for (let count = 0; count < limit && waiting.length > 0; ) {
    const queue = waiting.reduce((best, one) => (comesBefore(one, best, shares) ? one : best))
    queue.candidates ??= candidatesOf(eligibleRooms(queue.ready))
    const room = takeBest(queue.candidates, queue.usage)
    if (room) {
      count += 1
      queue.next += 1
      const {projectId} = queue.ready
      shares.running.set(projectId, (shares.running.get(projectId) ?? 0) + 1)
      turn += 1
      shares.turns.set(projectId, turn)
      const given = placed.get(queue.ready)
      if (given) given.push(room)
      else placed.set(queue.ready, [room])
    }
    // All tasks of a class ask for the same: where one finds no room, none does.
    if (!room || queue.next >= countOf(queue.ready)) waiting = waiting.filter((one) => one !== queue)
  }
  return [...placed].map(([ready, given]) => ({ready, rooms: given}))
}

interface Queue {
  ready: ReadyClass
  next: number
}

function countOf(ready: ReadyClass): number {
  return ready.atMost ?? ready.heads.length
}

function comesBefore(a: Queue, b: Queue, {running, turns}: Shares): boolean {
  const [one, other] = [headOf(a), headOf(b)]
  if (one.priority !== other.priority) return one.priority > other.priority
  const [project, otherProject] = [a.ready.projectId, b.ready.projectId]
  if (project === otherProject) return one.seq < other.seq
  const ahead = (counts: ReadonlyMap<string, number>) => (counts.get(otherProject) ?? 0) - (counts.get(project) ?? 0)
  return (ahead(running) || ahead(turns) || other.seq - one.seq) > 0
}

function headOf({ready, next}: Queue): {priority: number; seq: number} {
  return ready.heads[Math.min(next, ready.heads.length - 1)] ?? {priority: 0, seq: 0}
}

/** A room as one class ranks it; `load` is what it was when it was put in. */
interface Candidate {
  room: Room
  order: number
  load: number
  isStrained: boolean
}

function candidatesOf(rooms: readonly Room[]): Heap<Candidate> {
  return new Heap(
    rooms.map((room, order) => ({room, order, load: loadAfter(room), isStrained: isStrained(room.worker)})),
    (a, b) => a.load - b.load || Number(a.isStrained) - Number(b.isStrained) || a.order - b.order,
  )
}

/** Takes what a task needs from the least loaded room that has it; undefined when none has. */
function takeBest(candidates: Heap<Candidate>, usage: Usage): Room | undefined {
  for (;;) {
    const best = candidates.first
    if (!best) return undefined
    // Another class has used it meanwhile. Rooms only fill up here, so one that has no room for this class stays without.
    const load = loadAfter(best.room)
    const room = hasRoom(best.room, usage)
    if (room && load === best.load) {
      take(best.room, usage)
      best.load = loadAfter(best.room)
      candidates.sinkFirst()
      return best.room
    }
    if (!room) candidates.removeFirst()
    else {
      best.load = load
      candidates.sinkFirst()
    }
  }
}

/** Adds what tasks take, or gives it back with a negative `count`. */
export function take({used}: Pick<Room, 'used'>, usage: Usage, count = 1): void {
  for (const resource of RESOURCES) used[resource] += usage[resource] * count
}

function hasRoom({limits, used}: Room, usage: Usage): boolean {
  return RESOURCES.every((resource) => used[resource] + usage[resource] <= limits[resource])
}

function loadAfter({worker, used}: Room): number {
  return (used.slots + 1) / worker.slots
}

/** Among workers of equal load those whose CPUs are kept busy, by whomever, come last. */
function isStrained({load}: WorkerRow): boolean {
  return (load.cpu_percent ?? 0) >= STRAINED_CPU_PERCENT
}

function fits(wanted: number | undefined, there: number | undefined): boolean {
  return wanted === undefined || there === undefined || wanted <= there
}
