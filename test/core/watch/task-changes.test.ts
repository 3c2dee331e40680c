import {expect, test} from '@jest/globals'
import {cancelTasks, retryTasks} from '../../../src/core/tasks/change-tasks.js'
import {completeAttempts} from '../../../src/core/tasks/complete-attempts.js'
import {TaskChanges} from '../../../src/core/watch/task-changes.js'
import {queues} from '../../fixtures/open-queues.js'
import {newTasks, type TestQueue} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'

describeStores('the changes of tasks', (newStore) => {
  const openQueue = queues(newStore)

  async function ready(count: number): Promise<{queue: TestQueue; me: string; ids: string[]; seen: () => Promise<string[]>}> {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 2})
    const me = await queue.addCoordinator()
    const ids = await queue.submit(newTasks(count))
    const changes = new TaskChanges(queue.store, {})
    const seen = async () => (await changes.look()).changed.map((task) => `${ids.indexOf(task.id)} ${task.status} ${task.attempt}`)
    return {queue, me, ids, seen}
  }

  test('are told once each, in the states that a look can see', async () => {
    const {queue, me, ids, seen} = await ready(3)
    expect(await seen()).toEqual([])
    await queue.claim(me)
    expect(await seen()).toEqual(['0 running 1', '1 running 1'])
    expect(await seen()).toEqual([])
    await completeAttempts(queue.store, me, [{taskId: ids[0]!, attempt: 1, result: 'completed'}])
    await cancelTasks(queue.store, [ids[2]!])
    expect((await seen()).sort()).toEqual(['0 completed 1', '2 cancelled 0'])
    expect(await seen()).toEqual([])
  })

  test('are told of a task that started and ended between two looks', async () => {
    const {queue, me, ids, seen} = await ready(1)
    await seen()
    await queue.claim(me)
    await completeAttempts(queue.store, me, [{taskId: ids[0]!, attempt: 1, result: 'failed', failureKind: 'exit', exitCode: 1}])
    expect(await seen()).toEqual(['0 failed 1'])
  })

  test('are told of a task that is tried again, and of its next attempt', async () => {
    const {queue, me, ids, seen} = await ready(1)
    await queue.claim(me)
    expect(await seen()).toEqual(['0 running 1'])
    await completeAttempts(queue.store, me, [{taskId: ids[0]!, attempt: 1, result: 'retry', retryAfterSeconds: 0, failureKind: 'exit', exitCode: 1}])
    expect(await seen()).toEqual(['0 pending 1'])
    await queue.claim(me)
    expect(await seen()).toEqual(['0 running 2'])
    await completeAttempts(queue.store, me, [{taskId: ids[0]!, attempt: 2, result: 'failed', failureKind: 'exit', exitCode: 1}])
    expect(await seen()).toEqual(['0 failed 2'])
    await retryTasks(queue.store, ids)
    await queue.claim(me)
    expect(await seen()).toEqual(['0 running 3'])
  })

  test('of named tasks begin with the state of each and end with all of them told', async () => {
    const {queue, me, ids} = await ready(2)
    await queue.submit(newTasks(2))
    const changes = new TaskChanges(queue.store, {ids})
    expect((await changes.look()).changed.map((task) => task.status)).toEqual(['pending', 'pending'])
    await queue.claim(me)
    await completeAttempts(
      queue.store,
      me,
      ids.map((taskId) => ({taskId, attempt: 1, result: 'completed' as const})),
    )
    const last = await changes.look()
    expect(last.changed.map((task) => task.id).sort()).toEqual(ids.toSorted())
    expect(last).toMatchObject({done: true, counts: {completed: 2, pending: 0}})
  })
})
