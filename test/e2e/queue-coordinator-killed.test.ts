import {existsSync} from 'node:fs'
import {setTimeout as delay} from 'node:timers/promises'
import {expect, test} from '@jest/globals'
import pg from 'pg'
import type {Store} from '../../src/core/data/store.js'
import {type QueueUser, queueUsers} from '../fixtures/queue-user.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'

const ADOPTED_WITHIN_MS = 40_000

/** Keeps everybody else from storing how a task ended, until it is let go. */
async function holdTasks(store: Store): Promise<() => Promise<void>> {
  if (store.location.dialect === 'sqlite') {
    const {default: Database} = await import('better-sqlite3')
    const lock = new Database(store.location.filename)
    lock.exec('BEGIN IMMEDIATE')
    return async () => void lock.close()
  }
  const client = new pg.Client({connectionString: store.location.url})
  await client.connect()
  await client.query('BEGIN; SELECT * FROM tasks FOR UPDATE')
  return async () => {
    // A statement that has arrived is carried out even when nobody is left to hear of it.
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
    await client.end()
  }
}

/** A mkdir that, once, waits until it is let go: the worker has the order and has not started the command. */
function blockStart(user: QueueUser): {env: NodeJS.ProcessEnv; blocked: () => boolean; letGo: () => void} {
  const once = `if [ -e ${user.path('blocked')} ]; then exec /bin/mkdir "$@"; fi`
  const wait = `: > ${user.path('blocked')}; while [ ! -e ${user.path('go')} ]; do sleep 0.02; done`
  // Without a perl that runs, the worker's shell starts attempts, and it calls mkdir.
  user.write('perl', '#!/bin/sh\nexit 1\n', 0o755)
  user.write('mkdir', `#!/bin/sh\n${once}\n${wait}\nexec /bin/mkdir "$@"\n`, 0o755)
  return {
    env: {PATH: `${user.home.root}:${process.env.PATH}`},
    blocked: () => existsSync(user.path('blocked')),
    letGo: () => void user.write('go'),
  }
}

describeStores('a coordinator that is killed', (newStore, kind) => {
  const openUser = queueUsers(newStore)

  test('just after it claimed a task: it runs within 40 s under the next one, and the order that was on its way never does', async () => {
    const user = await openUser()
    const start = blockStart(user)
    const {child, result} = user.start(['task', 'run', '--', 'sh', '-c', `echo $HELIX_ATTEMPT >> ${user.path('ran')}`], {env: start.env})
    await user.waitForStatus('running')
    await waitFor('the worker to get the order', start.blocked)
    // There already, so that the time does not have the start of a process in it.
    const scheduler = await user.startScheduler()
    child.kill('SIGKILL')
    const killed = performance.now()
    await result
    await user.waitForStatus('completed', undefined, ADOPTED_WITHIN_MS)
    expect(performance.now() - killed).toBeLessThan(ADOPTED_WITHIN_MS)
    start.letGo()
    scheduler.child.kill('SIGTERM')
    expect((await scheduler.result).code).toBe(0)
    await waitFor('the first order to have left', () => user.processes().length === 0)
    expect(user.lines()).toEqual(['2'])
    expect(await user.queue.attempts((await user.ids())[0]!)).toMatchObject([{status: 'released'}, {status: 'completed'}])
    expect(await user.problems()).toEqual([])
  })

  test('while a task runs: the task goes on and the next one takes its result, in the same attempt', async () => {
    const user = await openUser()
    const script = `echo begun >> ${user.path('ran')}; while [ ! -e ${user.path('go')} ]; do sleep 0.02; done; echo done; exit 3`
    const {child, result} = user.start(['task', 'run', '--', 'sh', '-c', script])
    await waitFor('the command to run', () => user.lines().length === 1)
    child.kill('SIGKILL')
    await result
    await user.endLeaseOf(child)
    const scheduler = await user.startScheduler('--drain')
    await waitFor('the task to be adopted', async () => (await user.task()).coordinator_id === (await user.ownedBy(scheduler.child)))
    user.write('go')
    await scheduler.result
    expect(user.lines()).toEqual(['begun'])
    const shown = JSON.parse((await user.run(['task', 'show', (await user.ids())[0]!, '--json'])).stdout)
    expect(shown).toMatchObject({status: 'failed', failure_kind: 'exit', exit_code: 3, attempt: 1, stdout: 'done\n'})
    expect(await user.problems()).toEqual([])
  })

  test('after the worker finished and before that was stored: the result is taken, the command does not run again', async () => {
    const user = await openUser()
    const script = `echo begun >> ${user.path('ran')}; while [ ! -e ${user.path('go')} ]; do sleep 0.02; done; echo out; echo err >&2`
    const {child, result} = user.start(['task', 'run', '--', 'sh', '-c', script])
    await waitFor('the command to run', () => user.lines().length === 1)
    const letGo = await holdTasks(user.queue.store)
    user.write('go')
    await waitFor('the worker to have a result', () => user.hasResult())
    // Its coordinator knows by now as well, and tries to store it.
    await delay(300)
    child.kill('SIGKILL')
    await result
    await letGo()
    expect(await user.task()).toMatchObject({status: 'running'})
    await user.endLeaseOf(child)
    await (await user.startScheduler('--drain')).result
    expect(user.lines()).toEqual(['begun'])
    const shown = JSON.parse((await user.run(['task', 'show', (await user.ids())[0]!, '--json'])).stdout)
    expect(shown).toMatchObject({status: 'completed', exit_code: 0, attempt: 1, stdout: 'out\n', stderr: 'err\n'})
    expect(await user.problems()).toEqual([])
  })

  test('again and again in the middle of many tasks: nothing is lost and nothing runs twice', async () => {
    const user = await openUser()
    const submitted = await user.run(['task', 'map', '--detach', '--', 'sh', '-c', `echo {} >> ${user.path('ran')}; sleep 0.1`], {input: numbers(40)})
    expect(submitted.code).toBe(0)
    const accepted = submitted.stdout.trim().split('\n')
    for (const count of [3, 12, 21, 30]) {
      const {child, result} = await user.startScheduler()
      await waitFor('some to have run', () => user.lines().length >= count)
      child.kill('SIGKILL')
      await result
      await user.endLeaseOf(child)
    }
    // The submission has started one of its own as well.
    await (await user.startScheduler('--drain')).result
    await waitFor('the end of all', async () => (await user.queue.store.query(`SELECT id FROM tasks WHERE status IN ('pending', 'running')`)).length === 0)
    expect(user.lines().sort()).toEqual(numbers(40).trim().split('\n').sort())
    expect(await user.log.problems(accepted)).toEqual([])
  })

  test(`is noticed ${kind === 'sqlite' ? 'at once' : 'by its lease'}: task wait of one that nobody runs any more starts a scheduler`, async () => {
    const user = await openUser()
    const {child, result} = user.start(['task', 'run', '--', 'sh', '-c', `echo begun >> ${user.path('ran')}; sleep 0.5`])
    await waitFor('the command to run', () => user.lines().length === 1)
    child.kill('SIGKILL')
    await result
    if (kind === 'postgres') await user.endLeaseOf(child)
    const waited = await user.run(['task', 'wait', (await user.ids())[0]!])
    expect(waited.code).toBe(0)
    expect(user.lines()).toEqual(['begun'])
    expect(await user.problems()).toEqual([])
  })
})

function numbers(count: number): string {
  return Array.from({length: count}, (_, index) => `${index + 1}\n`).join('')
}
