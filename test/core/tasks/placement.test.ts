import {describe, expect, test} from '@jest/globals'
import {choosePlacements, isEligible, type ReadyClass, roomOf, take, usageOf} from '../../../src/core/tasks/placement.js'
import type {Requirements} from '../../../src/core/tasks/task.js'
import type {WorkerRow} from '../../../src/core/workers/worker.js'

function worker(name: string, about: Partial<WorkerRow> = {}): WorkerRow {
  return {
    id: name,
    name,
    origin: 'command',
    capabilities: [],
    labels: {},
    resources: {},
    discovered: {},
    load: {},
    slots: 2,
    status: 'active',
    ...about,
  } as WorkerRow
}

/** A task as the queue has it; of the project `default` unless it says another. */
type Task = Requirements & {project?: string; priority?: number}

/** Places tasks in the order that they were queued in, and says `task@worker` in the order that they are given out in. */
function place(tasks: readonly Task[], workers: readonly WorkerRow[], running: Record<string, Requirements[]> = {}, limits: Limits = {limit: 100}): string[] {
  const rooms = workers.map((one) => roomOf(one, limits.maxPerWorker))
  for (const room of rooms) for (const requirements of running[room.worker.name] ?? []) take(room, usageOf(requirements))
  const shares = {running: new Map(Object.entries(limits.shares ?? {})), turns: new Map(Object.entries(limits.turns ?? {}))}
  const classes = classesOf(tasks)
  const placed = choosePlacements(
    classes.map(({ready}) => ready),
    ({requirements}) => rooms.filter((room) => isEligible(requirements, room.worker)),
    shares,
    limits.limit,
  )
  return placed
    .flatMap(({ready, rooms: given}) => given.map(({worker: {name}}, nth) => `${classes.find((one) => one.ready === ready)?.tasks[nth]}@${name}`))
    .sort()
}

interface Limits {
  limit: number
  maxPerWorker?: number
  /** Running tasks by project. */
  shares?: Record<string, number>
  /** When each project was given a worker last. */
  turns?: Record<string, number>
}

function classesOf(tasks: readonly Task[]): {ready: ReadyClass; tasks: number[]}[] {
  const classes = new Map<string, {ready: ReadyClass & {heads: {priority: number; seq: number}[]}; tasks: number[]}>()
  for (const [seq, {project = 'default', priority = 0, ...requirements}] of tasks.entries()) {
    const key = JSON.stringify([project, requirements])
    const one = classes.get(key) ?? {ready: {key, projectId: project, requirements, heads: []}, tasks: []}
    classes.set(key, one)
    one.ready.heads.push({priority, seq})
    one.tasks.push(seq)
  }
  return [...classes.values()]
}

describe('a task', () => {
  const gpu = worker('gpu', {capabilities: ['gpu', 'cuda'], labels: {zone: 'eu'}, resources: {cpus: 8, memory_bytes: 64e9, gpus: 2}})

  test.each<[string, Requirements, boolean]>([
    ['any worker', {}, true],
    ['a capability that it has', {capabilities: ['gpu']}, true],
    ['one that it has and one that it lacks', {capabilities: ['gpu', 'tpu']}, false],
    ['a label that it has', {labels: {zone: 'eu'}}, true],
    ['another value of a label', {labels: {zone: 'us'}}, false],
    ['its name', {worker: 'gpu'}, true],
    ['another name', {worker: 'other'}, false],
    ['resources that it has', {cpus: 8, memory_bytes: 64e9, gpus: 2}, true],
    ['more than it has', {gpus: 3}, false],
    ['this machine', {local: true}, false],
  ])('that asks for %s: %j', (_, requirements, eligible) => {
    expect(isEligible(requirements, gpu)).toBe(eligible)
  })

  test('finds a capability that was discovered on the worker, declared or not', () => {
    const found = worker('found', {capabilities: ['declared'], discovered: {capabilities: ['docker']}})
    expect(isEligible({capabilities: ['declared', 'docker']}, found)).toBe(true)
    expect(isEligible({capabilities: ['docker', 'tpu']}, found)).toBe(false)
  })

  test('is taken to fit where a worker has not said what it has', () => {
    expect(isEligible({cpus: 64, gpus: 8}, worker('unknown'))).toBe(true)
  })

  test('never goes to this machine unless it asks for it', () => {
    expect(isEligible({}, worker('local', {origin: 'local'}))).toBe(false)
    expect(isEligible({local: true}, worker('local', {origin: 'local'}))).toBe(true)
  })
})

describe('tasks', () => {
  test('spread over workers by their share of used slots', () => {
    expect(place([{}, {}, {}, {}, {}, {}, {}], [worker('small', {slots: 2}), worker('big', {slots: 4})])).toEqual([
      '0@big',
      '1@small',
      '2@big',
      '3@big',
      '4@small',
      '5@big',
    ])
  })

  test('go where fewest run already', () => {
    expect(place([{}], [worker('a'), worker('b')], {a: [{}]})).toEqual(['0@b'])
  })

  test('go to a worker whose CPUs are busy only after idle ones of the same load', () => {
    const pool = [worker('busy', {load: {cpu_percent: 90}}), worker('idle', {load: {cpu_percent: 89}})]
    expect(place([{}, {}], pool)).toEqual(['0@idle', '1@busy'])
    expect(place([{}], pool, {idle: [{}]})).toEqual(['0@busy'])
  })

  test('that fit nowhere now do not hold up those behind them', () => {
    expect(place([{cpus: 4}, {cpus: 1}], [worker('a', {resources: {cpus: 4}})], {a: [{cpus: 2}]})).toEqual(['1@a'])
  })

  test('never share resources beyond what is there', () => {
    expect(place([{gpus: 1}, {gpus: 1}, {gpus: 1}], [worker('a', {slots: 8, resources: {gpus: 2}})])).toEqual(['0@a', '1@a'])
    expect(place([{memory_bytes: 6}, {memory_bytes: 6}], [worker('a', {resources: {memory_bytes: 10}})])).toEqual(['0@a'])
  })

  test('stop at the limits of the request', () => {
    expect(place([{}, {}, {}], [worker('a', {slots: 9})], {}, {limit: 2})).toHaveLength(2)
    const perWorker = {limit: 9, maxPerWorker: 1}
    expect(place([{}, {}, {}], [worker('a'), worker('b')], {}, perWorker)).toEqual(['0@a', '1@b'])
  })

  test('of higher priority come first, whatever they ask for', () => {
    expect(place([{}, {cpus: 1, priority: 1}], [worker('a', {slots: 1})])).toEqual(['1@a'])
  })

  test('of the project of which the fewest run come first', () => {
    const tasks: Task[] = [{}, {}, {}, {}, {project: 'other'}, {project: 'other'}]
    expect(place(tasks, [worker('a', {slots: 4})])).toEqual(['0@a', '1@a', '4@a', '5@a'])
    expect(place(tasks, [worker('a', {slots: 4})], {}, {limit: 3, shares: {other: 3}})).toEqual(['0@a', '1@a', '2@a'])
  })

  test('of projects that run equally many: the one whose turn was longest ago comes first', () => {
    const tasks: Task[] = [{}, {}, {project: 'other'}, {project: 'new'}]
    expect(place(tasks, [worker('a', {slots: 1})], {}, {limit: 1, turns: {default: 2, other: 1, new: 3}})).toEqual(['2@a'])
    expect(place(tasks, [worker('a', {slots: 1})], {}, {limit: 1, turns: {default: 2, other: 1}})).toEqual(['3@a'])
  })

  test('find nothing on a worker whose slots were reduced below what runs', () => {
    expect(place([{}], [worker('a', {slots: 1})], {a: [{}, {}]})).toEqual([])
  })
})
