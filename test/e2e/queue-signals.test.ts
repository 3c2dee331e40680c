import {expect, test} from '@jest/globals'
import {type QueueUser, queueUsers} from '../fixtures/queue-user.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'

const waiting = (user: QueueUser, name: string) => `echo ${name} >> ${user.path('ran')}; while [ ! -e ${user.path('go')} ]; do sleep 0.05; done`

async function submit(user: QueueUser, name: string, script: string): Promise<string> {
  const {stdout} = await user.run(['task', 'run', '--detach', '--json', '--name', name, '--', 'sh', '-c', script])
  return JSON.parse(stdout).id
}

describeStores('a scheduler that is told to stop', (newStore) => {
  const openUser = queueUsers(newStore)

  test('lets short tasks end, takes no new ones, and leaves long ones to the next, in the same attempt', async () => {
    const user = await openUser()
    const first = await user.startScheduler()
    await submit(user, 'long', waiting(user, 'long'))
    await submit(user, 'short', `echo short >> ${user.path('ran')}; while [ ! -e ${user.path('soon')} ]; do sleep 0.05; done`)
    await waitFor('both to run', () => user.lines().length === 2)
    first.child.kill('SIGTERM')
    // It would have a slot for this one as soon as the short one has ended.
    user.write('soon')
    await user.waitForStatus('completed', 'short')
    expect((await first.result).code).toBe(0)
    expect(await user.task('long')).toMatchObject({status: 'running', attempt: 1})
    const second = await user.startScheduler('--drain')
    await waitFor('the long one to be adopted', async () => (await user.task('long')).coordinator_id === (await user.ownedBy(second.child)))
    user.write('go')
    await second.result
    expect(await user.task('long')).toMatchObject({status: 'completed', attempt: 1})
    expect(user.lines().sort()).toEqual(['long', 'short'])
    expect(await user.problems()).toEqual([])
  })

  test('twice leaves at once, and its tasks stay with their worker', async () => {
    const user = await openUser()
    const first = await user.startScheduler()
    await submit(user, 'long', waiting(user, 'long'))
    await waitFor('it to run', () => user.lines().length === 1)
    first.child.kill('SIGTERM')
    const asked = performance.now()
    await waitFor('it to leave', () => first.child.exitCode !== null || !first.child.kill('SIGTERM'))
    // It would give tasks ten seconds.
    expect(performance.now() - asked).toBeLessThan(8000)
    expect((await first.result).code).toBe(143)
    await user.endLeaseOf(first.child)
    user.write('go')
    await (await user.startScheduler('--drain')).result
    expect(await user.task('long')).toMatchObject({status: 'completed', attempt: 1})
    expect(user.lines()).toEqual(['long'])
    expect(await user.problems()).toEqual([])
  })

  test('by scheduler stop does the same', async () => {
    const user = await openUser()
    const scheduler = await user.startScheduler()
    expect((await user.run(['scheduler', 'stop'])).stdout).toContain('Stopped 1 scheduler')
    expect((await scheduler.result).code).toBe(0)
  })
})

describeStores('task run in the foreground', (newStore) => {
  const openUser = queueUsers(newStore)

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('cancels its task on %s, with all that it has started, and exits 130', async (signal) => {
    const user = await openUser()
    const {child, result} = user.start(['task', 'run', '--grace', '1s', '--', 'sh', '-c', `(trap "" TERM; sleep 600) & sleep 600 & ${waiting(user, 'begun')}`])
    await waitFor('the command to run', () => user.lines().length === 1)
    const [id = ''] = await user.ids()
    await waitFor('its children to run', () => user.processes(id).length >= 3)
    child.kill(signal)
    expect(await result).toMatchObject({code: 130, stderr: expect.stringContaining('cancelling the task')})
    expect(user.processes(id)).toEqual([])
    expect(await user.task()).toMatchObject({status: 'cancelled'})
    expect(await user.problems()).toEqual([])
  })

  test('leaves at once on a second INT with the request stored, which the next scheduler carries out', async () => {
    const user = await openUser()
    const {child, result} = user.start(['task', 'run', '--grace', '60s', '--', 'sh', '-c', `trap "" TERM; ${waiting(user, 'begun')}`])
    await waitFor('the command to run', () => user.lines().length === 1)
    child.kill('SIGINT')
    await waitFor('the request to be stored', async () => (await user.task()).cancel_requested_at)
    child.kill('SIGINT')
    expect((await result).code).toBe(130)
    expect(await user.task()).toMatchObject({status: 'running'})
    await user.endLeaseOf(child)
    const scheduler = await user.startScheduler('--drain')
    user.write('go')
    await scheduler.result
    const [id = ''] = await user.ids()
    expect(user.processes(id)).toEqual([])
    // The command ended well before it was killed, or it was killed.
    expect(['cancelled', 'completed']).toContain((await user.task()).status)
    expect(await user.problems()).toEqual([])
  })

  test('cancels a task in the moment in which it is being started', async () => {
    const user = await openUser()
    // TERM is enough for it: nobody may have to wait for the time of grace.
    for (let round = 0; round < 6; round++) {
      const {child, result} = user.start(['task', 'run', '--grace', '60s', '--name', `r${round}`, '--', 'sleep', '600'])
      await waitFor('the task to be there', async () => (await user.task(`r${round}`)).id, 30_000)
      if (round % 2 === 1) await user.waitForStatus('running', `r${round}`)
      child.kill('SIGINT')
      expect((await result).code).toBe(130)
      const {id, status} = await user.task(`r${round}`)
      expect(status).toBe('cancelled')
      expect(user.processes(String(id))).toEqual([])
    }
    expect(await user.problems()).toEqual([])
  })
})
