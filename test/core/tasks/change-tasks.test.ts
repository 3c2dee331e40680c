import {expect, test} from '@jest/globals'
import {cancelTasks, retryTasks} from '../../../src/core/tasks/change-tasks.js'
import {completeAttempts} from '../../../src/core/tasks/complete-attempts.js'
import {queues} from '../../fixtures/open-queues.js'
import {newTask, newTasks} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'

describeStores('cancelling tasks', (newStore, kind) => {
  const openQueue = queues(newStore)

  test('ends pending ones at once and asks for the end of running ones', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 1})
    const me = await queue.addCoordinator()
    const [first = '', second = ''] = await queue.submit(newTasks(2))
    await queue.claim(me)
    expect(await cancelTasks(queue.store, [first, second])).toEqual([{id: second, status: 'cancelled'}])
    expect(await queue.row(first)).toMatchObject({status: 'running', completed_at: null})
    expect((await queue.row(first)).cancel_requested_at).toBeTruthy()
    await completeAttempts(queue.store, me, [{taskId: first, attempt: 1, result: 'cancelled'}])
    expect(await queue.transitions.problems([first, second])).toEqual([])
  })

  test('leaves ended ones as they are, also when asked twice', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const me = await queue.addCoordinator()
    const [id = ''] = await queue.submit([newTask()])
    await queue.claim(me)
    await completeAttempts(queue.store, me, [{taskId: id, attempt: 1, result: 'completed'}])
    expect(await cancelTasks(queue.store, [id])).toEqual([])
    expect(await queue.row(id)).toMatchObject({status: 'completed', cancel_requested_at: null})
    const [other = ''] = await queue.submit([newTask()])
    await cancelTasks(queue.store, [other])
    expect(await cancelTasks(queue.store, [other])).toEqual([])
    expect(await cancelTasks(queue.store, [])).toEqual([])
  })

  test('takes more of them than a statement has variables', async () => {
    const queue = await openQueue()
    const count = kind === 'sqlite' ? 33_000 : 66_000
    const ids = await queue.submit(newTasks(count))
    expect(await cancelTasks(queue.store, ids)).toHaveLength(count)
  })
})

describeStores('cancelling against the end of a task', (newStore) => {
  const openQueue = queues(newStore)

  test('a thousand times leaves one terminal state each, and loses no request', async () => {
    const url = await newStore()
    const queue = await openQueue(url)
    // On connections of its own, as another process would be.
    const other = await openQueue.beside(url)
    await queue.addWorker('w1', {slots: 1000})
    const me = await queue.addCoordinator()
    const ids = await queue.submit(newTasks(1000))
    const claimed = await queue.claim(me, {limit: 1000})
    for (let from = 0; from < ids.length; from += 10) {
      const page = claimed.slice(from, from + 10).map(({task}) => task.id)
      const results = (['completed', 'failed', 'retry', 'released', 'cancelled'] as const).map((result) => result)
      const ends = page.map((taskId, index) => ({taskId, attempt: 1, result: results[(from / 10 + index) % results.length]!}))
      const steps = [() => completeAttempts(queue.store, me, ends), () => cancelTasks(other.store, page.toReversed())]
      if (Math.random() < 0.5) steps.reverse()
      await Promise.all(steps.map((step) => step()))
    }
    // Whoever came first: what is not over by itself was cancelled, nothing is pending or running.
    expect(await queue.transitions.problems(ids)).toEqual([])
    expect(await queue.claim(me, {limit: 1000})).toEqual([])
    const counted = await queue.transitions.count()
    expect(counted['running → completed']).toBe(200)
    expect(counted['running → failed']).toBe(200)
    expect((counted['running → cancelled'] ?? 0) + (counted['pending → cancelled'] ?? 0)).toBe(600)
  })

  test('against a claim leaves it cancelled, or running with the request known', async () => {
    const url = await newStore()
    const queue = await openQueue(url)
    const other = await openQueue.beside(url)
    await queue.addWorker('w1', {slots: 1000})
    const me = await queue.addCoordinator()
    for (let round = 0; round < 100; round++) {
      const [id = ''] = await queue.submit([newTask()])
      const [claimed] = await Promise.all([queue.claim(me), cancelTasks(other.store, [id])])
      const row = await queue.row(id)
      expect(row.status).toBe(claimed.length === 1 ? 'running' : 'cancelled')
      expect(row.cancel_requested_at).toBeTruthy()
    }
  })
})

describeStores('retrying tasks', (newStore) => {
  const openQueue = queues(newStore)

  test('gives them all their attempts again and forgets how they ended', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const me = await queue.addCoordinator()
    const [id = ''] = await queue.submit([newTask({policy: {retries: 1}})], me)
    await queue.claim(me, {scope: 'own'})
    await completeAttempts(queue.store, me, [{taskId: id, attempt: 1, result: 'failed', failureKind: 'timeout', exitCode: 143, error: 'too long'}])
    expect(await retryTasks(queue.store, [id])).toEqual([id])
    expect(await queue.row(id)).toMatchObject({
      status: 'pending',
      failures: 0,
      attempt: 1,
      failure_kind: null,
      exit_code: null,
      error_message: null,
      completed_at: null,
      submitter_id: null,
    })
    expect((await queue.claim(me))[0]?.task).toMatchObject({id, attempt: 2})
  })

  test('takes cancelled ones too, which are then no longer to be cancelled', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const [id = ''] = await queue.submit([newTask()])
    await cancelTasks(queue.store, [id])
    await retryTasks(queue.store, [id])
    expect(await queue.row(id)).toMatchObject({status: 'pending', cancel_requested_at: null})
    expect(await queue.claim(await queue.addCoordinator())).toHaveLength(1)
  })

  test('changes nothing when one of them cannot be retried', async () => {
    const queue = await openQueue()
    const [pending = '', cancelled = ''] = await queue.submit(newTasks(2))
    await cancelTasks(queue.store, [cancelled])
    await expect(retryTasks(queue.store, [cancelled, pending])).rejects.toMatchObject({kind: 'usage', code: 'TASK_NOT_FAILED'})
    expect(await queue.row(cancelled)).toMatchObject({status: 'cancelled'})
  })
})
