import {expect, test} from '@jest/globals'
import {queueUsers} from '../fixtures/queue-user.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'

// The command's parent is its supervisor on the worker; whoever started the coordinator wrote down which process that is.
const killSupervisor = (log: string) => `echo poison >> ${log}; kill -9 $PPID; sleep 60`
const killCoordinator = (log: string, pid: string) => `echo poison >> ${log}; kill -9 $(cat ${pid}); kill -9 $PPID; sleep 60`

describeStores('a task that kills whoever runs it', (newStore) => {
  const openUser = queueUsers(newStore)

  test('its supervisor: stops at its attempts, leaves nothing alive, and the others go on', async () => {
    const user = await openUser()
    const {result: scheduler, child} = await user.startScheduler()
    const poison = await user.run(['task', 'run', '--detach', '--json', '--retries', '2', '--', 'sh', '-c', killSupervisor(user.path('poison'))])
    const others = await user.run(['task', 'map', '--', 'sh', '-c', `echo {} >> ${user.path('ran')}`], {input: '1\n2\n3\n4\n'})
    expect(others.code).toBe(0)
    const {id} = JSON.parse(poison.stdout)
    expect((await user.run(['task', 'wait', id])).code).toBe(69)
    expect(user.lines('poison')).toHaveLength(3)
    const shown = JSON.parse((await user.run(['task', 'show', id, '--json'])).stdout)
    expect(shown).toMatchObject({status: 'failed', failure_kind: 'host', attempt: 3, error: expect.stringContaining('supervisor')})
    expect(user.processes(id)).toEqual([])
    expect(user.lines().sort()).toEqual(['1', '2', '3', '4'])
    expect(await user.problems()).toEqual([])
    child.kill('SIGTERM')
    await scheduler
  })

  test('its coordinator too, each time: stops at its attempts under whoever comes next, and the queue moves on', async () => {
    const user = await openUser()
    const scheduler = async () => {
      const started = await user.startScheduler('--drain')
      user.write('pid', String(started.child.pid))
      return started
    }
    const pending = await user.startScheduler()
    const script = killCoordinator(user.path('poison'), user.path('pid'))
    const poison = await user.run([
      'task',
      'run',
      '--detach',
      '--json',
      '--retries',
      '2',
      '--',
      'sh',
      '-c',
      `while [ ! -s ${user.path('pid')} ]; do sleep 0.05; done; ${script}`,
    ])
    await user.run(['task', 'map', '--detach', '--', 'sh', '-c', `echo {} >> ${user.path('ran')}`], {input: '1\n2\n3\n'})
    user.write('pid', String(pending.child.pid))
    expect((await pending.result).signal).toBe('SIGKILL')
    await user.endLeaseOf(pending.child)
    const {id} = JSON.parse(poison.stdout)
    for (let restarts = 0; (await user.queue.row(id)).status !== 'failed'; restarts++) {
      expect(restarts).toBeLessThan(6)
      const {child, result} = await scheduler()
      await result
      await user.endLeaseOf(child)
    }
    expect(user.lines('poison')).toHaveLength(3)
    await waitFor('the others', () => user.lines().length === 3)
    expect(user.processes(id)).toEqual([])
    expect(await user.problems()).toEqual([])
  })
})
