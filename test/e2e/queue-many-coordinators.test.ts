import {expect, test} from '@jest/globals'
import {newTasks} from '../fixtures/queue.js'
import {queueUsers} from '../fixtures/queue-user.js'
import {describeStores} from '../fixtures/stores.js'
import {runProcess} from '../fixtures/test-process.js'

const COORDINATORS = 8
const TASKS = 20_000
const ITEMS = 25

describeStores('eight coordinators at once', (newStore) => {
  const openUser = queueUsers(newStore)

  test('get through 20,000 tasks: none goes to two, and nobody hears of a lock', async () => {
    const url = await newStore()
    const {queue} = await openUser(url)
    await queue.addWorker('w1', {slots: TASKS})
    const ids = await queue.submit(newTasks(TASKS))
    const results = await Promise.all(Array.from({length: COORDINATORS}, () => runProcess('claim-and-complete', [url, '50'])))
    for (const result of results) expect(result).toMatchObject({code: 0, stderr: ''})
    const claimed = results.map((result) => result.stdout.trim().split('\n').filter(Boolean))
    expect(claimed.flat().sort()).toEqual(ids.sort())
    expect(claimed.filter((own) => own.length > 0).length).toBeGreaterThan(1)
    expect(await queue.transitions.problems(ids)).toEqual([])
  })

  test('that are task map with tasks of their own run each of them once, and print what theirs have printed', async () => {
    const user = await openUser()
    const items = (map: number) => Array.from({length: ITEMS}, (_, index) => `${map}-${index}`)
    const results = await Promise.all(
      Array.from({length: COORDINATORS}, (_, map) =>
        user.run(['task', 'map', '--', 'sh', '-c', `echo {}; echo {} >> ${user.path('ran')}`], {input: `${items(map).join('\n')}\n`}),
      ),
    )
    for (const [map, result] of results.entries()) {
      expect(result).toMatchObject({code: 0, stderr: ''})
      expect(result.stdout.trim().split('\n').sort()).toEqual(items(map).sort())
    }
    const all = Array.from({length: COORDINATORS}, (_, map) => items(map)).flat()
    expect(user.lines().sort()).toEqual(all.sort())
    expect(await user.ids()).toHaveLength(all.length)
    expect(await user.problems()).toEqual([])
  })
})
