import {setTimeout as delay} from 'node:timers/promises'
import {expect, test} from '@jest/globals'
import {hostId} from '../../src/core/process-identity.js'
import {cancelTasks} from '../../src/core/tasks/change-tasks.js'
import {newTask} from '../fixtures/queue.js'
import {queueUsers} from '../fixtures/queue-user.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'

const TASKS = 30
// Ends by itself about when it is cancelled; leaves at TERM at once or cleans up first; leaves behind a child that wants KILL.
const SCRIPTS = ['sleep 0.$DELAY', 'trap "sleep 0.2; exit 9" TERM; sleep 0.$DELAY', '(trap "" TERM; exec sleep 60) & sleep 0.$DELAY', 'sleep 60']

describeStores('cancelling real tasks', (newStore) => {
  const openUser = queueUsers(newStore)

  test(`${TASKS} times about when they end: one end each, and none is cancelled with a process alive`, async () => {
    const user = await openUser()
    const {queue} = user
    const {child} = await user.startScheduler()
    await queue.store.query('UPDATE workers SET slots = 6')
    const tasks = Array.from({length: TASKS}, (_, index) => {
      const script = SCRIPTS[index % SCRIPTS.length]!.replace('$DELAY', String(index % 10))
      const requirements = {local: true as const, host_id: hostId()}
      return newTask({input: {command: ['sh', '-c', script], cwd: user.home.root}, requirements, policy: {grace_seconds: 1}})
    })
    const ids = await queue.submit(tasks)
    const survivors = await Promise.all(
      ids.map(async (id, index) => {
        if (index % 5 !== 0) await waitFor('it to start', async () => (await queue.row(id)).status !== 'pending', 60_000)
        await delay(Math.random() * 1000)
        await cancelTasks(queue.store, [id])
        const {status} = await waitFor('its end', async () => endedOf(await queue.row(id)), 60_000)
        return status === 'cancelled' ? user.processes(id) : []
      }),
    )
    expect(survivors.flat()).toEqual([])
    expect(await queue.transitions.problems(ids)).toEqual([])
    child.kill('SIGTERM')
  })

  test('task cancel waits until the worker has confirmed, whoever runs it', async () => {
    const user = await openUser()
    const {child, result} = user.start([
      'task',
      'run',
      '--grace',
      '1s',
      '--',
      'sh',
      '-c',
      `echo >> ${user.path('ran')}; trap "" TERM; while :; do sleep 0.1; done`,
    ])
    await waitFor('the command to run', () => user.lines().length === 1)
    const [id = ''] = await user.ids()
    const cancelled = await user.run(['task', 'cancel', id.slice(0, 8), '--json'])
    expect(JSON.parse(cancelled.stdout).tasks).toMatchObject([{id, status: 'cancelled'}])
    expect(user.processes(id)).toEqual([])
    expect((await result).code).toBe(130)
    expect(child.exitCode).toBe(130)
    expect(await user.problems()).toEqual([])
  })
})

function endedOf(row: Record<string, unknown>): Record<string, unknown> | undefined {
  return row.completed_at ? row : undefined
}
