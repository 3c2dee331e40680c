import {expect, test} from '@jest/globals'
import {cancelTasks, retryTasks} from '../../../src/core/tasks/change-tasks.js'
import {Graph} from '../../fixtures/graph.js'
import {queues} from '../../fixtures/open-queues.js'
import {describeStores} from '../../fixtures/stores.js'

describeStores('tasks that wait for a failure', (newStore) => {
  const openQueue = queues(newStore)
  const submit = async (needs: Record<string, string[]>) => new Graph(await openQueue()).submit(needs)

  test('run once all that they need have ended, when one of it failed', async () => {
    const graph = await submit({a: [], b: [], alarm: ['a failure', 'b failure'], report: ['alarm']})
    await graph.start()
    await graph.end({a: 'failed'})
    expect(await graph.start()).toEqual([])
    await graph.end({b: 'completed'})
    expect(await graph.start()).toEqual(['alarm'])
    await graph.end({alarm: 'completed'})
    expect(await graph.start()).toEqual(['report'])
    await graph.end({report: 'completed'})
    expect(await graph.problems()).toEqual([])
  })

  test('are cancelled as not needed when all that they need completed, and so is what needs their success', async () => {
    const graph = await submit({a: [], b: [], alarm: ['a failure', 'b failure'], mail: ['alarm'], retreat: ['alarm failure'], last: ['mail always']})
    await graph.start()
    await graph.end({a: 'completed'})
    expect((await graph.statuses()).alarm).toBe('pending')
    await graph.end({b: 'completed'})
    expect(await graph.statuses()).toMatchObject({alarm: 'not needed', mail: 'not needed', retreat: 'not needed', last: 'pending'})
    expect(await graph.message('alarm')).toBe('not needed: everything that it needs completed')
    expect(await graph.message('mail')).toBe('not needed: it needs alarm, which was not needed')
    expect(await graph.message('retreat')).toBe('not needed: it waits for a failure of alarm, which was not needed')
    expect(await graph.start()).toEqual(['last'])
    await graph.end({last: 'completed'})
    expect(await graph.problems()).toEqual([])
  })

  test('run after one that was cancelled by a user, and after one that failed for want of another', async () => {
    const graph = await submit({a: [], b: ['a'], stopped: [], alarm: ['b failure'], tidy: ['stopped failure']})
    await cancelTasks(graph.queue.store, [graph.ids.stopped!])
    await graph.start()
    await graph.end({a: 'failed'})
    expect(await graph.statuses()).toMatchObject({b: 'dependency', alarm: 'pending', tidy: 'running'})
    expect(await graph.start()).toEqual(['alarm'])
  })

  test('may need the success of others as well: without it they fail, or are not needed, at once', async () => {
    const graph = await submit({a: [], b: [], slow: [], both: ['a', 'b failure'], neither: ['b', 'a failure', 'slow always']})
    await graph.start()
    await graph.end({a: 'completed', b: 'failed'})
    expect(await graph.statuses()).toMatchObject({both: 'pending', neither: 'dependency'})
    expect(await graph.start()).toEqual(['both'])
  })

  test('are decided once although both ends before them come in at the same moment', async () => {
    for (const [b, then] of [
      ['completed', 'not needed'],
      ['failed', 'pending'],
    ] as const) {
      const graph = await submit({a: [], b: [], alarm: ['a failure', 'b failure']})
      await graph.start()
      await Promise.all([graph.end({a: 'completed'}), graph.end({b})])
      expect((await graph.statuses()).alarm).toBe(then)
    }
  })

  test('are undone with what they waited for when that is retried, and waited for anew', async () => {
    const graph = await submit({a: [], alarm: ['a failure'], mail: ['alarm']})
    await graph.start()
    await graph.end({a: 'completed'})
    expect(await graph.statuses()).toEqual({a: 'completed', alarm: 'not needed', mail: 'not needed'})
    // Asked for by name, it runs although nothing failed.
    await retryTasks(graph.queue.store, [graph.ids.alarm!])
    expect(await graph.statuses()).toEqual({a: 'completed', alarm: 'pending', mail: 'pending'})
    expect(await graph.start()).toEqual(['alarm'])
    await graph.end({alarm: 'completed'})
    expect(await graph.start()).toEqual(['mail'])
  })

  test('wait again for one that is retried before they have started, and are not needed when it then completes', async () => {
    const graph = await submit({a: [], alarm: ['a failure']})
    await graph.start()
    await graph.end({a: 'failed'})
    await retryTasks(graph.queue.store, [graph.ids.a!])
    expect(await graph.start()).toEqual(['a'])
    await graph.end({a: 'completed'})
    expect(await graph.statuses()).toEqual({a: 'completed', alarm: 'not needed'})
  })
})
