import {expect, test} from '@jest/globals'
import {completeAttempts} from '../../../src/core/tasks/complete-attempts.js'
import {queues} from '../../fixtures/open-queues.js'
import {HOST, newTask, newTasks} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'
import {runProcess} from '../../fixtures/test-process.js'

describeStores('claiming tasks', (newStore) => {
  const openQueue = queues(newStore)

  test('takes the higher priority first, then the older task', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 1})
    const me = await queue.addCoordinator()
    const [low, first, second, high] = [newTask({priority: -1}), newTask(), newTask(), newTask({priority: 5, requirements: {worker: 'w1'}})]
    for (const task of [low, first, second, high]) await queue.submit([task])
    const order: string[] = []
    for (let round = 0; round < 4; round++) {
      const [claimed] = await queue.claimSoon(me)
      order.push(claimed?.task.id ?? '')
      await completeAttempts(queue.store, me, [{taskId: claimed?.task.id ?? '', attempt: 1, result: 'completed'}])
    }
    expect(order).toEqual([high.id, first.id, second.id, low.id])
    expect(await queue.transitions.problems(order)).toEqual([])
  })

  test('keeps the order of one large submission', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 300})
    const ids = await queue.submit(newTasks(300))
    const claimed = await queue.claim(await queue.addCoordinator(), {limit: 40})
    expect(new Set(claimed.map(({task}) => task.id))).toEqual(new Set(ids.slice(0, 40)))
  })

  test('binds a task to its worker and writes the attempt down', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const me = await queue.addCoordinator()
    const [id = ''] = await queue.submit([newTask()])
    const [claimed] = await queue.claim(me)
    expect(claimed).toMatchObject({worker: {name: 'w1'}, task: {id, attempt: 1, input: {command: ['true']}}})
    expect(await queue.row(id)).toMatchObject({status: 'running', coordinator_id: me, worker_id: claimed?.worker.id})
    expect(await queue.attempts(id)).toMatchObject([{attempt: 1, status: 'running'}])
  })

  test('gives each only a worker that has what it asks for', async () => {
    const queue = await openQueue()
    await queue.addWorker('cpu', {labels: {zone: 'eu'}, resources: {cpus: 4, memory_bytes: 8e9}})
    await queue.addWorker('gpu', {capabilities: ['gpu'], resources: {cpus: 4, gpus: 1}})
    const wanted = {
      gpu: newTask({requirements: {capabilities: ['gpu'], gpus: 1}}),
      cpu: newTask({requirements: {labels: {zone: 'eu'}, memory_bytes: 8e9}}),
      none: newTask({requirements: {capabilities: ['tpu']}}),
      later: newTask({requirements: {gpus: 1, worker: 'gpu'}}),
      elsewhere: newTask({requirements: {labels: {zone: 'us'}}}),
    }
    await queue.submit(Object.values(wanted))
    const claimed = await queue.claim(await queue.addCoordinator())
    const placed = Object.fromEntries(claimed.map(({task, worker}) => [task.id, worker.name]))
    expect(placed).toEqual({[wanted.gpu.id]: 'gpu', [wanted.cpu.id]: 'cpu'})
  })

  test('leaves a task that is bound to another machine', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const [mine, other] = [newTask({requirements: {host_id: HOST}}), newTask({requirements: {host_id: 'elsewhere'}})]
    await queue.submit([mine, other])
    const me = await queue.addCoordinator()
    expect((await queue.claim(me)).map(({task}) => task.id)).toEqual([mine.id])
    expect((await queue.claim(me, {hostId: 'elsewhere'})).map(({task}) => task.id)).toEqual([other.id])
  })

  test('leaves to a foreground what it has submitted, and takes nothing else for it', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const [foreground, scheduler] = [await queue.addCoordinator(), await queue.addCoordinator()]
    const [own = ''] = await queue.submit([newTask()], foreground)
    const [free = ''] = await queue.submit([newTask()])
    expect((await queue.claim(scheduler)).map(({task}) => task.id)).toEqual([free])
    expect((await queue.claim(foreground, {scope: 'own'})).map(({task}) => task.id)).toEqual([own])
    expect(await queue.claim(foreground, {scope: 'own'})).toEqual([])
  })

  test('waits for a task whose time has not come, without holding up the others', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const [later = '', now = ''] = await queue.submit(newTasks(2))
    await queue.store.query(`UPDATE tasks SET available_at = ${queue.store.sql.afterSeconds} WHERE id = ?`, [3600, later])
    expect((await queue.claim(await queue.addCoordinator())).map(({task}) => task.id)).toEqual([now])
  })

  test('never goes beyond the slots of a worker, nor beyond the limits of a request', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 2})
    await queue.addWorker('w2', {slots: 3})
    await queue.submit(newTasks(10))
    const me = await queue.addCoordinator()
    expect(await queue.claim(me, {limit: 1})).toHaveLength(1)
    expect(await queue.claim(me, {maxPerWorker: 1})).toHaveLength(1)
    expect(await queue.claim(me)).toHaveLength(3)
    expect(await queue.claim(me)).toEqual([])
    expect(await queue.claim(me, {workers: []})).toEqual([])
  })

  test('shares the workers between projects, however many tasks each has queued', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 4})
    const many = new Set(await queue.submit(newTasks(20)))
    const few = new Set(await queue.submit(newTasks(3), undefined, 'other'))
    const me = await queue.addCoordinator()
    const first = await queue.claim(me)
    expect(first.filter(({task}) => many.has(task.id))).toHaveLength(2)
    expect(first.filter(({task}) => few.has(task.id))).toHaveLength(2)
    const [one] = first.filter(({task}) => few.has(task.id))
    await completeAttempts(queue.store, me, [{taskId: one?.task.id ?? '', attempt: 1, result: 'completed'}])
    expect((await queue.claim(await queue.addCoordinator())).map(({task}) => few.has(task.id))).toEqual([true])
  })

  test('gives a single slot to projects in turn, though none runs anything whenever it is free', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 1})
    const many = new Set(await queue.submit(newTasks(4)))
    const ids = [...many, ...(await queue.submit(newTasks(2), undefined, 'other'))]
    const me = await queue.addCoordinator()
    const order: string[] = []
    for (let round = 0; round < ids.length; round++) {
      const [claimed] = await queue.claimSoon(me)
      order.push(many.has(claimed?.task.id ?? '') ? 'many' : 'few')
      await completeAttempts(queue.store, me, [{taskId: claimed?.task.id ?? '', attempt: 1, result: 'completed'}])
    }
    expect(order).toEqual(['many', 'few', 'many', 'few', 'many', 'many'])
    expect(await queue.transitions.problems(ids)).toEqual([])
  })

  test('finds the slots that another coordinator has left', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 1})
    const [me, other] = [await queue.addCoordinator(), await queue.addCoordinator()]
    const [first = '', second = ''] = await queue.submit(newTasks(2))
    expect(await queue.claim(other)).toHaveLength(1)
    expect(await queue.claim(me)).toEqual([])
    await completeAttempts(queue.store, other, [{taskId: first, attempt: 1, result: 'completed'}])
    expect((await queue.claimSoon(me)).map(({task}) => task.id)).toEqual([second])
  })

  test('gives nothing to a worker that is no longer active, however lately it was seen to be', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    await queue.submit(newTasks(1))
    const [me, workers] = [await queue.addCoordinator(), await queue.workers()]
    await queue.store.query(`UPDATE workers SET status = 'maintenance'`)
    expect(await queue.claim(me, {workers})).toEqual([])
    await queue.store.query(`UPDATE workers SET status = 'active'`)
    expect(await queue.claim(me, {workers})).toHaveLength(1)
  })

  test('by several processes at once never exceeds slots or resources, and no task goes to two', async () => {
    const url = await newStore()
    const queue = await openQueue(url)
    await queue.addWorker('w1', {slots: 3, resources: {cpus: 4}})
    await queue.addWorker('w2', {slots: 2})
    await queue.store.query('CREATE TABLE peaks (w1 integer, w2 integer, cpus integer)')
    const ids = await queue.submit([...newTasks(150, {requirements: {cpus: 2}}), ...newTasks(150)])
    const results = await Promise.all(Array.from({length: 4}, () => runProcess('claim-and-complete', [url, '5', 'peaks'])))
    for (const result of results) expect(result).toMatchObject({code: 0, stderr: ''})
    const claimed = results.flatMap((result) => result.stdout.trim().split('\n').filter(Boolean))
    expect(claimed.sort()).toEqual(ids.sort())
    const [peak] = await queue.store.query<{w1: number; w2: number; cpus: number}>('SELECT max(w1) AS w1, max(w2) AS w2, max(cpus) AS cpus FROM peaks')
    expect(peak).toMatchObject({w1: 3, w2: 2, cpus: 4})
    expect(await queue.transitions.problems(ids)).toEqual([])
  })
})
