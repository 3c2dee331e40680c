import {randomUUID} from 'node:crypto'
import {expect, test} from '@jest/globals'
import {createRequest, placementKey, submitTasks} from '../../../src/core/tasks/submit-tasks.js'
import {DEFAULT_POLICY} from '../../../src/core/tasks/task.js'
import {getTasks, listTasks} from '../../../src/core/tasks/task-queries.js'
import {queues} from '../../fixtures/open-queues.js'
import {HOST, newTask, newTasks} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'
import {runProcess} from '../../fixtures/test-process.js'

describeStores('submitting tasks', (newStore) => {
  const openQueue = queues(newStore)

  test('makes them durable as they were given', async () => {
    const queue = await openQueue()
    const task = newTask({
      name: 'é"\'',
      input: {command: ['echo', '\u{1F41D}\n'], item: {base64: '/w=='}, item_number: 3},
      priority: 7,
      requirements: {labels: {a: 'b'}},
    })
    expect(await queue.submit([task])).toEqual([task.id])
    const row = await queue.row(task.id)
    expect(row).toMatchObject({name: task.name, status: 'pending', priority: 7, attempt: 0, failures: 0, blocked_by: 0, submitter_id: null})
    expect(queue.store.sql.json(row.input)).toEqual(task.input)
    expect(queue.store.sql.json(row.requirements)).toEqual(task.requirements)
  })

  test('lets one with a time wait for it, by the clock of the database', async () => {
    const queue = await openQueue()
    const {store} = queue
    await queue.addWorker('w1')
    const me = await queue.addCoordinator()
    const [later = '', now = ''] = await queue.submit([newTask({startAfterSeconds: 3600}), newTask()])
    expect((await queue.claim(me)).map(({task}) => task.id)).toEqual([now])
    const [row] = await store.query<{due: number | boolean}>(
      `SELECT available_at BETWEEN ${store.sql.afterSeconds} AND ${store.sql.afterSeconds} AS due FROM tasks WHERE id = ?`,
      [3590, 3610, later],
    )
    expect(Boolean(row?.due)).toBe(true)
    await store.query(`UPDATE tasks SET available_at = ${store.sql.now} WHERE id = ?`, [later])
    expect((await queue.claim(me)).map(({task}) => task.id)).toEqual([later])
  })

  test('puts tasks into their project, which many may make at once', async () => {
    const queue = await openQueue()
    await Promise.all(
      Array.from({length: 8}, async () => {
        const request = {id: randomUUID(), command: 'test', hostId: HOST, project: 'site'}
        await createRequest(queue.store, request)
        await submitTasks(queue.store, request, [newTask()])
      }),
    )
    await queue.submit([newTask()])
    expect(await listTasks(queue.store, {limit: 100, project: 'site'})).toHaveLength(8)
    expect((await listTasks(queue.store, {limit: 100})).map((task) => task.project).sort()).toEqual(['default', ...Array(8).fill('site')])
    expect(await queue.store.query('SELECT name FROM projects ORDER BY name')).toEqual([{name: 'default'}, {name: 'site'}])
  })

  test('stores of a policy what differs from the defaults, and reads all of it', async () => {
    const queue = await openQueue()
    const policies = [{}, {retries: 2, retry_on: ['exit' as const]}]
    const ids = await queue.submit(policies.map((policy) => newTask({policy})))
    const stored = await queue.store.query('SELECT retry_policy FROM tasks ORDER BY seq')
    expect(stored.map((row) => queue.store.sql.json(row.retry_policy))).toEqual(policies)
    expect((await getTasks(queue.store, ids)).map((task) => task.retry_policy)).toEqual(policies.map((policy) => ({...DEFAULT_POLICY, ...policy})))
  })

  test('keeps all of a submission or none of it', async () => {
    const queue = await openQueue()
    const orphan = newTask({needs: [{id: randomUUID(), condition: 'success'}]})
    await expect(queue.submit([...newTasks(3), orphan])).rejects.toThrow()
    expect(await queue.store.query('SELECT id FROM tasks')).toEqual([])
  })

  test('takes thousands at once', async () => {
    const queue = await openQueue()
    const tasks = newTasks(40_000)
    await queue.submit(tasks)
    const [row] = await queue.store.query<{count: number}>('SELECT count(*) AS count FROM tasks')
    expect(Number(row?.count)).toBe(40_000)
  })

  test('again with the same idempotency key adds nothing and tells the first id', async () => {
    const queue = await openQueue()
    const first = newTask({idempotencyKey: 'nightly'})
    expect(await queue.submit([first])).toEqual([first.id])
    const other = newTask({idempotencyKey: 'weekly'})
    expect(await queue.submit([newTask({idempotencyKey: 'nightly'}), other])).toEqual([first.id, other.id])
    expect(await queue.store.query('SELECT id FROM tasks')).toHaveLength(2)
  })

  test('twice, as after a confirmation that was lost, is the same as once', async () => {
    const queue = await openQueue()
    const request = {id: randomUUID(), command: 'test', hostId: HOST}
    const [a, b] = [newTask({hasDependents: true}), newTask()]
    const tasks = [a, {...b, needs: [{id: a.id, condition: 'success' as const}]}]
    for (let round = 0; round < 2; round++) {
      await createRequest(queue.store, request)
      expect(await submitTasks(queue.store, request, tasks)).toEqual([a.id, b.id])
    }
    expect(await queue.store.query('SELECT id FROM tasks')).toHaveLength(2)
    expect(await queue.store.query('SELECT * FROM task_dependencies')).toHaveLength(1)
    expect(await queue.row(b.id)).toMatchObject({blocked_by: 1})
  })

  test('with one key twice in a submission is refused', async () => {
    const queue = await openQueue()
    await expect(queue.submit(newTasks(2, {idempotencyKey: 'k'}))).rejects.toMatchObject({kind: 'usage', code: 'IDEMPOTENCY_KEY_REPEATED'})
  })

  test('with the same keys by several processes at once makes one task a key, and no error', async () => {
    const url = await newStore()
    const results = await Promise.all(Array.from({length: 6}, () => runProcess('submit-keyed', [url, '25'])))
    for (const result of results) expect(result).toMatchObject({code: 0, stderr: ''})
    const answers = new Set(results.map((result) => result.stdout))
    expect(answers.size).toBe(1)
    expect(new Set([...answers].join('').trim().split('\n')).size).toBe(25)
  })
})

test('tasks with equal requirements are placed alike, whatever their order', () => {
  const one = placementKey({capabilities: ['a', 'b'], labels: {x: '1', y: '2'}, cpus: 2})
  expect(placementKey({cpus: 2, labels: {y: '2', x: '1'}, capabilities: ['b', 'a']})).toBe(one)
  expect(placementKey({cpus: 3, labels: {y: '2', x: '1'}, capabilities: ['b', 'a']})).not.toBe(one)
  expect(placementKey({})).not.toBe(one)
})
