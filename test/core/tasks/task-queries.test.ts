import {expect, test} from '@jest/globals'
import {explainPending} from '../../../src/core/tasks/explain-pending.js'
import {getTasks, listTasks, OF_REQUEST, resolveTaskId} from '../../../src/core/tasks/task-queries.js'
import {listWorkers} from '../../../src/core/workers/worker-store.js'
import {queues} from '../../fixtures/open-queues.js'
import {HOST, newTask, newTasks, type TestQueue} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'

describeStores('looking at tasks', (newStore) => {
  const openQueue = queues(newStore)

  test('lists the newest first, page by page, while more are queued', async () => {
    const queue = await openQueue()
    const ids = await queue.submit(newTasks(25))
    const seen: string[] = []
    for (let before: number | undefined; ; ) {
      const page = await listTasks(queue.store, {limit: 10, before})
      seen.push(...page.map((task) => task.id))
      before = page.at(-1)?.seq
      if (page.length < 10) break
      await queue.submit(newTasks(3))
    }
    expect(seen).toEqual(ids.toReversed())
  })

  test('lists those of a status, a worker, a request', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 1})
    const [running = '', pending = ''] = await queue.submit(newTasks(2))
    await queue.claim(await queue.addCoordinator())
    const {request_id: requestId} = await queue.row(running)
    await queue.submit([newTask()])
    const list = async (filter: object) => (await listTasks(queue.store, {limit: 10, ...filter})).map((task) => task.id)
    expect(await list({status: 'running'})).toEqual([running])
    expect(await list({worker: 'w1'})).toEqual([running])
    expect(await list({requestId})).toEqual([pending, running])
    expect(await list({status: 'failed'})).toEqual([])
  })

  test('finds those of a request by an index, running or not', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 1})
    const [running = ''] = await queue.submit(newTasks(3))
    await queue.claim(await queue.addCoordinator())
    const {request_id: requestId} = await queue.row(running)
    await queue.submit(newTasks(2000))
    await queue.store.query('ANALYZE')
    const explain = queue.store.dialect === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN'
    const plan = JSON.stringify(await queue.store.query(`${explain} SELECT count(*) FROM tasks WHERE ${OF_REQUEST}`, [String(requestId)]))
    expect(plan).toContain('tasks_request_idx')
    expect(plan).not.toMatch(/Seq Scan|SCAN tasks/)
  })

  test('finds a task by the beginning of its id, if that is one', async () => {
    const queue = await openQueue()
    const [a, b] = [newTask({id: 'aaaa1111-0000-4000-8000-000000000001'}), newTask({id: 'aaaa2222-0000-4000-8000-000000000002'})]
    await queue.submit([a, b])
    expect(await resolveTaskId(queue.store, 'aaaa1')).toBe(a.id)
    expect(await resolveTaskId(queue.store, 'AAAA2222-')).toBe(b.id)
    expect(await resolveTaskId(queue.store, b.id)).toBe(b.id)
    await expect(resolveTaskId(queue.store, 'aaaa')).rejects.toMatchObject({kind: 'usage', code: 'TASK_AMBIGUOUS'})
    for (const text of ['bbbb', '%', '_', '', "a' OR 1=1 --", `${b.id}0`])
      await expect(resolveTaskId(queue.store, text)).rejects.toMatchObject({kind: 'usage', code: 'TASK_NOT_FOUND'})
  })

  test('gives tasks in the order that was asked for, however many', async () => {
    const queue = await openQueue()
    const ids = (await queue.submit(newTasks(2500))).toReversed()
    expect((await getTasks(queue.store, ids)).map((task) => task.id)).toEqual(ids)
    await expect(getTasks(queue.store, [newTask().id])).rejects.toMatchObject({code: 'TASK_NOT_FOUND'})
  })
})

describeStores('why a task is pending', (newStore) => {
  const openQueue = queues(newStore)

  async function reasonOf(queue: TestQueue, id: string, coordinated = true): Promise<{text: string; hopeless: boolean}> {
    const [task] = await getTasks(queue.store, [id])
    return explainPending(queue.store, task!, {workers: await listWorkers(queue.store, HOST), coordinated})
  }

  test('names what it waits for: other tasks, a coordinator, its time, a free slot', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 1, resources: {cpus: 4}})
    const a = newTask({hasDependents: true})
    const b = newTask({needs: [{id: a.id, condition: 'success'}]})
    const [c, d] = [newTask(), newTask({requirements: {cpus: 4}})]
    await queue.submit([a, b, c, d])
    expect(await reasonOf(queue, b.id)).toEqual({text: 'it waits for 1 task that it needs', hopeless: false})
    expect(await reasonOf(queue, a.id, false)).toMatchObject({text: expect.stringContaining('no coordinator is running')})
    expect(await reasonOf(queue, a.id)).toEqual({text: 'it is about to start', hopeless: false})
    await queue.claim(await queue.addCoordinator(), {limit: 1})
    expect(await reasonOf(queue, c.id)).toEqual({text: 'all slots of w1 are in use', hopeless: false})
    await queue.store.query('UPDATE workers SET slots = 2')
    expect(await reasonOf(queue, d.id)).toEqual({text: 'w1 has no room for its CPUs, memory or GPUs now', hopeless: false})
    await queue.store.query(`UPDATE tasks SET available_at = ${queue.store.sql.afterSeconds}, error_message = 'no luck' WHERE id = ?`, [60, c.id])
    expect((await reasonOf(queue, c.id)).text).toMatch(/^it is tried again at \d{4}-.*: no luck$/)
    await queue.store.query('UPDATE tasks SET error_message = NULL WHERE id = ?', [c.id])
    expect((await reasonOf(queue, c.id)).text).toMatch(/^it starts at \d{4}-.*Z$/)
  })

  test.each([
    [{capabilities: ['gpu', 'tpu']}, 'no worker has the capability tpu'],
    [{labels: {zone: 'us'}}, 'no worker has the label zone=us'],
    [{cpus: 64}, 'no worker has all of what it asks for at once, with 64 CPUs'],
    [{cpus: 9, memory_bytes: 2 ** 40, gpus: 1}, 'no worker has all of what it asks for at once, with 9 CPUs, 1100 GB of memory, 1 GPU'],
    [{worker: 'w1', capabilities: ['tpu']}, 'w1 lacks the capability tpu'],
    [{worker: 'w9'}, 'there is no worker named w9'],
    [{local: true as const}, 'there is no worker'],
  ])('says what no worker has: %j', async (requirements, text) => {
    const queue = await openQueue()
    await queue.addWorker('w1', {capabilities: ['gpu'], labels: {zone: 'eu'}, resources: {cpus: 8}})
    const [id = ''] = await queue.submit([newTask({requirements})])
    expect(await reasonOf(queue, id)).toEqual({text, hopeless: true})
  })

  test('says why a worker is out, and whether that may pass', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const [id = ''] = await queue.submit([newTask()])
    await queue.store.query(`UPDATE workers SET status = 'inactive', status_reason = 'connection refused'`)
    expect(await reasonOf(queue, id)).toEqual({text: 'w1 is inactive (connection refused)', hopeless: false})
    await queue.store.query(`UPDATE workers SET status = 'failed', status_reason = 'its host key changed'`)
    expect(await reasonOf(queue, id)).toEqual({text: 'w1 is failed (its host key changed)', hopeless: true})
  })
})
