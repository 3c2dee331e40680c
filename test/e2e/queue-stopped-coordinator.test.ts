import {expect, test} from '@jest/globals'
import {type QueueUser, queueUsers} from '../fixtures/queue-user.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'

describeStores('a coordinator that is stopped (SIGSTOP) past its lease', (newStore) => {
  const openUser = queueUsers(newStore)

  async function startAndStop(user: QueueUser) {
    const script = `echo begun >> ${user.path('ran')}; while [ ! -e ${user.path('go')} ]; do sleep 0.02; done; echo done`
    const stopped = user.start(['task', 'run', '--', 'sh', '-c', script])
    await waitFor('the command to run', () => user.lines().length === 1)
    stopped.child.kill('SIGSTOP')
    await user.endLeaseOf(stopped.child)
    return stopped
  }

  async function adopt(user: QueueUser) {
    const scheduler = await user.startScheduler('--drain')
    await waitFor('the task to be adopted', async () => (await user.task()).coordinator_id === (await user.ownedBy(scheduler.child)))
    return scheduler
  }

  test('and wakes when another has stored the end: it changes nothing, and tells its user that end', async () => {
    const user = await openUser()
    const stopped = await startAndStop(user)
    const scheduler = await adopt(user)
    user.write('go')
    await scheduler.result
    const before = await user.task()
    expect(before).toMatchObject({status: 'completed', attempt: 1})
    stopped.child.kill('SIGCONT')
    expect(await stopped.result).toMatchObject({code: 0, stdout: 'done\n', stderr: expect.stringContaining('lost its lease')})
    expect(await user.task()).toEqual(before)
    expect(user.lines()).toEqual(['begun'])
    expect(await user.problems()).toEqual([])
  })

  test('and wakes while another looks after its task: both see it end, one stores it', async () => {
    const user = await openUser()
    const stopped = await startAndStop(user)
    const scheduler = await adopt(user)
    stopped.child.kill('SIGCONT')
    user.write('go')
    const [first, second] = await Promise.all([stopped.result, scheduler.result])
    expect([first.code, second.code]).toEqual([0, 0])
    expect(user.lines()).toEqual(['begun'])
    expect(await user.problems()).toEqual([])
  })

  test('and wakes before anybody came: it goes on as if nothing had been', async () => {
    const user = await openUser()
    const stopped = await startAndStop(user)
    user.write('go')
    await waitFor('the worker to have a result', () => user.hasResult())
    stopped.child.kill('SIGCONT')
    expect(await stopped.result).toMatchObject({code: 0, stdout: 'done\n'})
    expect(await user.task()).toMatchObject({status: 'completed', attempt: 1})
    expect(await user.problems()).toEqual([])
  })

  test('between a claim and the start cannot start what another has replaced', async () => {
    const user = await openUser()
    const items = Array.from({length: 30}, (_, index) => `${index}\n`).join('')
    const stopped = user.start(['task', 'map', '--', 'sh', '-c', `echo {} >> ${user.path('ran')}`], {input: items})
    // Somewhere in the middle of claiming, starting and storing.
    await waitFor('some tasks to have run', () => user.lines().length >= 5)
    stopped.child.kill('SIGSTOP')
    await user.endLeaseOf(stopped.child)
    const scheduler = await user.startScheduler('--drain')
    await scheduler.result
    stopped.child.kill('SIGCONT')
    expect((await stopped.result).code).toBe(0)
    expect(user.lines().sort()).toEqual(items.trim().split('\n').sort())
    expect(await user.problems()).toEqual([])
  })
})
