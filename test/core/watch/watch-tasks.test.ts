import {expect, test} from '@jest/globals'
import {completeAttempts} from '../../../src/core/tasks/complete-attempts.js'
import {selectWatched} from '../../../src/core/watch/select-watched.js'
import {TaskWatch} from '../../../src/core/watch/watch-tasks.js'
import {queues} from '../../fixtures/open-queues.js'
import {HOST, newTask, newTasks, type TestQueue} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'
import {waitFor} from '../../fixtures/wait-for.js'

const PAGE = {top: 0, height: 5}

describeStores('looking at tasks', (newStore) => {
  const openQueue = queues(newStore)

  async function started(queue: TestQueue, count: number): Promise<{me: string; ids: string[]}> {
    await queue.addWorker('w1', {slots: count})
    const me = await queue.addCoordinator()
    const ids = await queue.submit(newTasks(count))
    await queue.claim(me)
    return {me, ids}
  }

  const look = (queue: TestQueue, page: Partial<Parameters<TaskWatch['look']>[0]> = {}, selection = {}) =>
    new TaskWatch(queue.store, HOST, selection).look({...PAGE, ...page})

  test('shows what runs, and below it what ended last, the newest end first', async () => {
    const queue = await openQueue()
    const {me, ids} = await started(queue, 4)
    for (const id of [ids[2], ids[0]]) {
      await completeAttempts(queue.store, me, [{taskId: id!, attempt: 1, result: 'completed'}])
      // SQLite's clock has milliseconds, in one of which both would fit.
      const later = `SELECT 1 AS is_later WHERE ${queue.store.sql.now} > (SELECT max(completed_at) FROM tasks)`
      await waitFor('another time', async () => (await queue.store.query(later))[0])
    }
    await queue.submit(newTasks(3))
    const found = await look(queue)
    expect(found.rows.map((task) => task.id)).toEqual([ids[1], ids[3], ids[0], ids[2]])
    expect(found).toMatchObject({total: 4, counts: {pending: 3, running: 2, completed: 2, failed: 0, cancelled: 0}, coordinators: 1, done: false})
    expect(found.rows.map((task) => task.worker)).toEqual(['w1', 'w1', 'w1', 'w1'])
  })

  test('of a worker shows what runs or has ended there, not what waits to be tried again', async () => {
    const queue = await openQueue()
    const {me, ids} = await started(queue, 3)
    const [worker] = await queue.workers()
    await completeAttempts(queue.store, me, [
      {taskId: ids[0]!, attempt: 1, result: 'retry', retryAfterSeconds: 60, failureKind: 'exit', exitCode: 1},
      {taskId: ids[1]!, attempt: 1, result: 'completed'},
    ])
    const found = await look(queue, {}, {workerId: worker?.id})
    expect(found.rows.map((task) => task.id)).toEqual([ids[2], ids[1]])
    expect(found.counts).toMatchObject({pending: 0, running: 1, completed: 1})
  })

  test('lists a single state page by page, and the last page where somebody is beyond the end', async () => {
    const queue = await openQueue()
    const ids = await queue.submit(newTasks(12))
    expect((await look(queue, {status: 'pending', top: 5})).rows.map((task) => task.id)).toEqual(ids.slice(5, 10))
    const beyond = await look(queue, {status: 'pending', top: 500})
    expect(beyond).toMatchObject({top: 7, total: 12})
    expect(beyond.rows.map((task) => task.id)).toEqual(ids.slice(7))
  })

  test('finds tasks by their name, their command or their id, whatever stands in them', async () => {
    const queue = await openQueue()
    const tasks = [newTask({name: 'Nightly 100%'}), newTask({name: 'nightly 1000'}), newTask({input: {command: ['make', 'docs']}})]
    await queue.submit(tasks)
    const namesOf = async (text: string) => (await look(queue, {text})).rows.map((task) => task.id)
    expect(await namesOf('NIGHTLY 100%')).toEqual([tasks[0]!.id])
    expect(await namesOf('docs')).toEqual([tasks[2]!.id])
    expect(await namesOf(tasks[1]!.id.slice(0, 9))).toEqual([tasks[1]!.id])
    expect(await namesOf("'; --")).toEqual([])
  })

  test('is done when all tasks that were named have ended, and never when none were named', async () => {
    const queue = await openQueue()
    const {me, ids} = await started(queue, 2)
    const [request] = await queue.store.query<{id: string}>('SELECT id FROM requests')
    const done = async (selection: object) => (await look(queue, {}, selection)).done
    await completeAttempts(queue.store, me, [{taskId: ids[0]!, attempt: 1, result: 'failed', failureKind: 'exit', exitCode: 3}])
    expect(await done({ids: [ids[0]]})).toBe(true)
    expect(await done({ids})).toBe(false)
    expect(await done({requestId: request?.id})).toBe(false)
    await completeAttempts(queue.store, me, [{taskId: ids[1]!, attempt: 1, result: 'completed'}])
    expect(await done({ids})).toBe(true)
    expect(await done({requestId: request?.id})).toBe(true)
    expect(await done({})).toBe(false)
  })

  test('says how many tasks end per second once there were two looks', async () => {
    const queue = await openQueue()
    const {me, ids} = await started(queue, 2)
    const watch = new TaskWatch(queue.store, HOST, {})
    const first = await watch.look(PAGE)
    expect(first.rate).toBeNull()
    await completeAttempts(queue.store, me, [{taskId: ids[0]!, attempt: 1, result: 'completed'}])
    // What does not depend on the page is counted at most once a second.
    let next = await watch.look(PAGE)
    expect(next.counts).toEqual(first.counts)
    while (next.counts.completed === 0) next = await watch.look(PAGE)
    expect(next.rate).toBeGreaterThan(0)
  })

  test('takes the beginnings of ids, and refuses what does not exist or says two things', async () => {
    const queue = await openQueue()
    const {ids} = await started(queue, 1)
    const [request] = await queue.store.query<{id: string}>('SELECT id FROM requests')
    const lookup = {store: queue.store, hostId: HOST}
    expect((await selectWatched(lookup, {ids: [ids[0]!.slice(0, 8), ids[0]!]})).selection).toEqual({ids: [ids[0]]})
    expect((await selectWatched(lookup, {ids: [], request: request!.id.slice(0, 8), worker: 'w1', status: 'failed'})).selection).toMatchObject({
      requestId: request!.id,
      workerId: expect.any(String),
      status: 'failed',
    })
    for (const [asked, code] of [
      [{ids: ['zzz']}, 'TASK_NOT_FOUND'],
      [{ids: [], request: '%'}, 'REQUEST_NOT_FOUND'],
      [{ids: [], worker: 'w2'}, 'WORKER_NOT_FOUND'],
      [{ids, worker: 'w1'}, 'SELECTION_CONFLICT'],
    ] as const)
      await expect(selectWatched(lookup, asked)).rejects.toMatchObject({kind: 'usage', code})
  })
})
