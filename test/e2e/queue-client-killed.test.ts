import {setTimeout as delay} from 'node:timers/promises'
import {expect, test} from '@jest/globals'
import {queueUsers} from '../fixtures/queue-user.js'
import {describeStores} from '../fixtures/stores.js'
import {spawnProcess} from '../fixtures/test-process.js'

const KILLS = 5

describeStores('a client that is killed while it submits', (newStore) => {
  const openUser = queueUsers(newStore)

  test('leaves behind every task it was told of, and submitting again with the same keys adds none', async () => {
    const url = await newStore()
    const user = await openUser(url)
    const told = new Map<string, string>()
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawnProcess('submit-keyed', [url, '400'])
      const before = (await user.ids()).length
      let output = ''
      child.stdout.on('data', (chunk) => {
        output += chunk
      })
      const closed = new Promise((resolve) => child.once('close', resolve))
      // As soon as there is another task, which may be before its id is on its way to us; or a little later.
      while ((await user.ids()).length === before && child.exitCode === null);
      await delay(kill * 3)
      child.kill('SIGKILL')
      await closed
      // A last line that was cut is no acknowledgement.
      for (const [index, id] of output.split('\n').slice(0, -1).entries()) {
        expect(told.get(`key-${index + 1}`) ?? id).toBe(id)
        told.set(`key-${index + 1}`, id)
      }
    }
    expect(told.size).toBeGreaterThan(0)
    const ids = new Set(await user.ids())
    for (const id of told.values()) expect(ids).toContain(id)
    const rows = await user.queue.store.query<{idempotency_key: string; count: number}>(
      'SELECT idempotency_key, count(*) AS count FROM tasks GROUP BY idempotency_key HAVING count(*) > 1',
    )
    expect(rows).toEqual([])
  })

  test('on the command line can be run again with its key: the task is there once and runs once', async () => {
    const user = await openUser()
    await user.startScheduler()
    const submit = ['task', 'run', '--detach', '--idempotency-key', 'nightly', '--json', '--', 'sh', '-c', `echo ran >> ${user.path('ran')}`]
    for (let kill = 0; kill < KILLS; kill++) {
      const {child, result} = user.start(submit)
      await delay(80 + kill * 50)
      child.kill('SIGKILL')
      await result
    }
    const first = JSON.parse((await user.run(submit)).stdout)
    const again = JSON.parse((await user.run(submit)).stdout)
    expect(again.id).toBe(first.id)
    expect((await user.run(['task', 'wait', first.id])).code).toBe(0)
    expect(user.lines()).toEqual(['ran'])
    expect(await user.log.problems([first.id])).toEqual([])
  })
})
