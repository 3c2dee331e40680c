import {expect, test} from '@jest/globals'
import {cancelTasks, retryTasks} from '../../../src/core/tasks/change-tasks.js'
import {Graph} from '../../fixtures/graph.js'
import {queues} from '../../fixtures/open-queues.js'
import {describeStores} from '../../fixtures/stores.js'

const DIAMOND = {a: [], b: ['a'], c: ['a'], d: ['b', 'c']}

describeStores('tasks that need each other', (newStore) => {
  const openQueue = queues(newStore)
  const submit = async (needs: Record<string, string[]>) => new Graph(await openQueue()).submit(needs)

  test('run in order, the last one once and after both before it', async () => {
    const graph = await submit(DIAMOND)
    expect(await graph.start()).toEqual(['a'])
    expect(await graph.start()).toEqual([])
    await graph.end({a: 'completed'})
    expect(await graph.start()).toEqual(['b', 'c'])
    await graph.end({b: 'completed'})
    expect(await graph.start()).toEqual([])
    await graph.end({c: 'completed'})
    expect(await graph.start()).toEqual(['d'])
    await graph.end({d: 'completed'})
    expect(await graph.problems()).toEqual([])
  })

  test('go on although both ends before one come in at the same moment', async () => {
    const graph = await submit(DIAMOND)
    await graph.start()
    await graph.end({a: 'completed'})
    await graph.start()
    await Promise.all([graph.end({b: 'completed'}), graph.end({c: 'completed'})])
    expect(await graph.start()).toEqual(['d'])
  })

  test('fail as dependency when one that they need fails, through the whole chain, and say which', async () => {
    const graph = await submit({...DIAMOND, e: ['d'], other: ['a']})
    await graph.start()
    await graph.end({a: 'completed'})
    await graph.start()
    await graph.end({b: 'failed', c: 'completed', other: 'completed'})
    expect(await graph.statuses()).toEqual({a: 'completed', b: 'failed', c: 'completed', d: 'dependency', e: 'dependency', other: 'completed'})
    expect(await graph.queue.row(graph.ids.d!)).toMatchObject({error_message: 'a task that it needs did not complete: b', attempt: 0})
    expect(await graph.queue.row(graph.ids.e!)).toMatchObject({error_message: 'a task that it needs did not complete: d'})
    expect(await graph.problems()).toEqual([])
  })

  test('run all the same with always, once all before them have ended, however', async () => {
    const graph = await submit({a: [], b: [], cleanup: ['a always', 'b always'], report: ['cleanup']})
    await graph.start()
    await graph.end({a: 'failed'})
    expect(await graph.start()).toEqual([])
    await graph.end({b: 'completed'})
    expect(await graph.start()).toEqual(['cleanup'])
    await graph.end({cleanup: 'completed'})
    expect(await graph.start()).toEqual(['report'])
    await graph.end({report: 'completed'})
    expect(await graph.problems()).toEqual([])
  })

  test('run with always also when what they need failed for want of another', async () => {
    const graph = await submit({a: [], b: ['a'], cleanup: ['b always']})
    await graph.start()
    await graph.end({a: 'failed'})
    expect(await graph.statuses()).toEqual({a: 'failed', b: 'dependency', cleanup: 'pending'})
    expect(await graph.start()).toEqual(['cleanup'])
  })

  test('wait for further attempts of one that is tried again', async () => {
    const graph = await submit({a: [], b: ['a']})
    await graph.start()
    await graph.end({a: 'retry'})
    expect(await graph.statuses()).toEqual({a: 'pending', b: 'pending'})
    expect(await graph.start()).toEqual(['a'])
    await graph.end({a: 'completed'})
    expect(await graph.start()).toEqual(['b'])
  })

  test('fail when one that they need is cancelled, pending or running', async () => {
    const graph = await submit({a: [], b: ['a'], c: ['b'], always: ['b always']})
    await graph.start()
    expect(await cancelTasks(graph.queue.store, [graph.ids.b!])).toEqual([
      {id: graph.ids.b, status: 'cancelled'},
      {id: graph.ids.c, status: 'failed'},
    ])
    expect(await graph.start()).toEqual(['always'])
    await cancelTasks(graph.queue.store, [graph.ids.a!])
    expect(await graph.statuses()).toEqual({a: 'running', b: 'cancelled', c: 'dependency', always: 'running'})
    await graph.end({a: 'cancelled', always: 'completed'})
    expect(await graph.problems()).toEqual([])
  })

  test('are retried with the one that failed, and wait for it anew', async () => {
    const graph = await submit({...DIAMOND, last: ['d always']})
    await graph.start()
    await graph.end({a: 'completed'})
    await graph.start()
    await graph.end({b: 'failed'})
    // c is still running, and last may start: d has failed.
    expect(await graph.statuses()).toEqual({a: 'completed', b: 'failed', c: 'running', d: 'dependency', last: 'pending'})
    expect((await retryTasks(graph.queue.store, [graph.ids.b!])).sort()).toEqual([graph.ids.b!, graph.ids.d!].sort())
    expect(await graph.start()).toEqual(['b'])
    await graph.end({b: 'completed'})
    expect(await graph.start()).toEqual([])
    await graph.end({c: 'completed'})
    expect(await graph.start()).toEqual(['d'])
    await graph.end({d: 'completed'})
    expect(await graph.start()).toEqual(['last'])
    expect(await graph.queue.attempts(graph.ids.b!)).toMatchObject([{status: 'failed'}, {status: 'completed'}])
  })

  test('cannot be retried without what they need, nor when they did not fail', async () => {
    const graph = await submit({a: [], b: ['a']})
    const {store} = graph.queue
    await expect(retryTasks(store, [graph.ids.a!])).rejects.toMatchObject({code: 'TASK_NOT_FAILED', message: expect.stringContaining('is pending')})
    await graph.start()
    await graph.end({a: 'failed'})
    await expect(retryTasks(store, [graph.ids.b!])).rejects.toMatchObject({code: 'TASK_NEEDS_FAILED', message: expect.stringContaining('needs a')})
    expect(await graph.statuses()).toEqual({a: 'failed', b: 'dependency'})
    await retryTasks(store, [graph.ids.a!])
    expect(await graph.statuses()).toEqual({a: 'pending', b: 'pending'})
  })

  test('are not forgotten when one before them ends while they are being retried', async () => {
    for (let round = 0; round < 15; round++) {
      const graph = await new Graph(await openQueue()).submit({a: [], b: [], c: ['a', 'b']})
      await graph.start()
      await graph.end({a: 'failed'})
      await Promise.all([graph.end({b: 'completed'}), retryTasks(graph.queue.store, [graph.ids.a!])])
      expect(await graph.start()).toEqual(['a'])
      await graph.end({a: 'completed'})
      expect(await graph.start()).toEqual(['c'])
    }
  })
})
