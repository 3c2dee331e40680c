import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from '@jest/globals'
import {Coordinator} from '../../../src/core/scheduler/coordinator.js'
import type {CoordinatorKind} from '../../../src/core/scheduler/coordinator-lease.js'
import {Spool} from '../../../src/core/tasks/spool.js'
import {WorkerConnections} from '../../../src/core/workers/worker-connections.js'
import {ensureLocalWorker} from '../../../src/core/workers/worker-store.js'
import {queues} from '../../fixtures/open-queues.js'
import {HOST, newTask, type TestQueue} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'
import {waitFor} from '../../fixtures/wait-for.js'

const quiet = {warn: () => {}, info: () => {}, debug: () => {}}

describeStores('a coordinator', (newStore) => {
  const openQueue = queues(newStore)
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'helix-coordinator-'))
  })
  afterEach(() => rmSync(folder, {recursive: true, force: true}))

  async function openLocalQueue(): Promise<TestQueue> {
    const queue = await openQueue()
    await ensureLocalWorker(queue.store, HOST)
    await queue.store.query('UPDATE workers SET resources = ?', [JSON.stringify({attempts_root: join(folder, 'attempts')})])
    return queue
  }

  function start({store}: TestQueue, kind: CoordinatorKind): Promise<Coordinator> {
    const connections = new WorkerConnections(store, () => Promise.reject(new Error('there is only this machine')))
    return Coordinator.start({
      kind,
      store,
      connections,
      spool: new Spool(folder),
      logger: quiet,
      hostId: HOST,
      helix: ['helix'],
      healthCheckSeconds: 30,
      maxTasks: 10,
    })
  }

  const localTask = (script: string) => newTask({input: {command: ['sh', '-c', script], cwd: folder}, requirements: {local: true, host_id: HOST}})
  const statusOf = async (queue: TestQueue, id: string) => (await queue.row(id)).status

  test('looks after a task whose claim was stored although the confirmation was lost', async () => {
    const queue = await openLocalQueue()
    const task = localTask('echo $HELIX_ATTEMPT >> ran')
    // It takes nothing by itself: the task is nobody's.
    const foreground = await start(queue, 'foreground')
    await queue.submit([task])
    expect(await queue.claim(foreground.id)).toHaveLength(1)
    foreground.wake()
    await waitFor('it to be put back', async () => (await statusOf(queue, task.id)) === 'pending')
    expect(await queue.attempts(task.id)).toMatchObject([{status: 'released'}])
    const scheduler = await start(queue, 'scheduler')
    await waitFor('it to run', async () => (await statusOf(queue, task.id)) === 'completed')
    await Promise.all([foreground.stop(), scheduler.stop()])
    expect(readFileSync(join(folder, 'ran'), 'utf8')).toBe('2\n')
    expect(await queue.transitions.problems([task.id])).toEqual([])
  })

  test('whose lease ended and whom nobody replaced goes on under a new id and keeps its tasks', async () => {
    const queue = await openLocalQueue()
    const scheduler = await start(queue, 'scheduler')
    const [task, next] = [localTask('echo begun >> ran; while [ ! -e go ]; do sleep 0.02; done'), localTask('true')]
    await queue.submit([task])
    scheduler.wake()
    await waitFor('it to run', async () => (await statusOf(queue, task.id)) === 'running')
    const before = scheduler.id
    await queue.store.query(`UPDATE coordinators SET lease_expires_at = ${queue.store.sql.afterSeconds}`, [-1])
    await waitFor('the command', () => existsSync(join(folder, 'ran')))
    writeFileSync(join(folder, 'go'), '')
    await waitFor('it to end', async () => (await statusOf(queue, task.id)) === 'completed')
    expect(scheduler.id).not.toBe(before)
    await queue.submit([next])
    scheduler.wake()
    await waitFor('the next to end', async () => (await statusOf(queue, next.id)) === 'completed')
    await scheduler.stop()
    expect(readFileSync(join(folder, 'ran'), 'utf8')).toBe('begun\n')
    expect(await queue.store.query('SELECT id FROM coordinators')).toEqual([])
    expect(await queue.transitions.problems([task.id, next.id])).toEqual([])
  })

  test('forgets nothing of many tasks that end at the same moment', async () => {
    const queue = await openLocalQueue()
    await queue.store.query('UPDATE workers SET slots = 10')
    const tasks = Array.from({length: 25}, () => localTask('true'))
    await queue.submit(tasks)
    const scheduler = await start(queue, 'scheduler')
    const open = `SELECT id FROM tasks WHERE status IN ('pending', 'running')`
    await waitFor('all to end', async () => (await queue.store.query(open)).length === 0)
    await scheduler.stop()
    expect(scheduler.running).toBe(0)
    expect(await queue.transitions.problems(tasks.map((task) => task.id))).toEqual([])
  })
})
