import type {ChildProcessWithoutNullStreams} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {expect, test} from '@jest/globals'
import Database from 'better-sqlite3'
import {type QueueUser, queueUsers} from '../fixtures/queue-user.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'
import {chooseLocalAgent} from '../fixtures/worker-shell.js'

/** Stops a process and ends its lease; not while it has a SQLite store locked, where everybody would wait until it is woken. */
async function stop(user: QueueUser, child: ChildProcessWithoutNullStreams): Promise<void> {
  const {location} = user.queue.store
  const lock = location.dialect === 'sqlite' ? new Database(location.filename, {timeout: 10_000}) : undefined
  lock?.exec('BEGIN IMMEDIATE')
  child.kill('SIGSTOP')
  await waitFor('it to stand still', () => / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8')))
  lock?.close()
  await user.endLeaseOf(child)
}

describeStores('a coordinator that is stopped (SIGSTOP) past its lease', (newStore) => {
  const openUser = queueUsers(newStore)

  async function startAndStop(user: QueueUser) {
    const script = `echo begun >> ${user.path('ran')}; while [ ! -e ${user.path('go')} ]; do sleep 0.02; done; echo done`
    const stopped = user.start(['task', 'run', '--', 'sh', '-c', script])
    await waitFor('the command to run', () => user.lines().length === 1)
    await stop(user, stopped.child)
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

  test.each(['shell', 'perl', 'node'] as const)('between a claim and the start cannot start what another has replaced, with the agent %s', async (kind) => {
    const user = await openUser()
    const env = chooseLocalAgent(user.home.root, kind)
    const items = Array.from({length: 30}, (_, index) => `${index}\n`).join('')
    const stopped = user.start(['task', 'map', '--', 'sh', '-c', `echo {} >> ${user.path('ran')}`], {input: items, env})
    // Somewhere in the middle of claiming, starting and storing.
    await waitFor('some tasks to have run', () => user.lines().length >= 5)
    await stop(user, stopped.child)
    const scheduler = await user.startScheduler('--drain')
    await scheduler.result
    stopped.child.kill('SIGCONT')
    expect((await stopped.result).code).toBe(0)
    expect(user.lines().sort()).toEqual(items.trim().split('\n').sort())
    expect(await user.problems()).toEqual([])
  })
})
