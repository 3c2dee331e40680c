import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {expect, test} from '@jest/globals'
import {currentProcess, isProcessAlive} from '../../../src/core/process-identity.js'
import {adoptTasks, listCoordinators, renewLease, retakeTasks, unregisterCoordinator} from '../../../src/core/scheduler/coordinator-lease.js'
import {completeAttempts} from '../../../src/core/tasks/complete-attempts.js'
import {queues} from '../../fixtures/open-queues.js'
import {HOST, newTask, newTasks, type TestQueue} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'

async function endLease(queue: TestQueue, id: string): Promise<void> {
  await queue.store.query(`UPDATE coordinators SET lease_expires_at = ${queue.store.sql.afterSeconds} WHERE id = ?`, [-1, id])
}

async function pidOfDeadProcess(): Promise<number> {
  const child = spawn('true')
  await once(child, 'close')
  return child.pid ?? 0
}

describeStores('taking over from a coordinator', (newStore, kind) => {
  const openQueue = queues(newStore)

  test('is not done while its lease holds', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const [owner, other] = [await queue.addCoordinator(), await queue.addCoordinator()]
    await queue.submit([newTask()])
    await queue.submit([newTask()], owner)
    await queue.claim(owner)
    expect(await adoptTasks(queue.store, other, HOST)).toEqual([])
    expect(await renewLease(queue.store, owner)).toBe(true)
    expect(await queue.store.query('SELECT id FROM tasks WHERE submitter_id IS NOT NULL')).toHaveLength(1)
  })

  test('happens once when its lease has ended: its attempts go to one adopter, its pending tasks to anybody', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 2})
    const [owner, ...others] = [await queue.addCoordinator(), await queue.addCoordinator(), await queue.addCoordinator()]
    const ids = await queue.submit(newTasks(3), owner)
    await queue.claim(owner, {scope: 'own'})
    await endLease(queue, owner)
    expect(await renewLease(queue.store, owner)).toBe(false)
    const adopted = await Promise.all(others.map((other) => adoptTasks(queue.store, other, HOST)))
    expect(
      adopted
        .flat()
        .map((task) => task.id)
        .sort(),
    ).toEqual(ids.slice(0, 2).sort())
    expect(adopted.flat().map((task) => task.attempt)).toEqual([1, 1])
    // Also where it has to run again: nobody would claim it for one that is gone.
    for (const id of ids.slice(0, 2)) expect(await queue.row(id)).toMatchObject({status: 'running', submitter_id: null})
    expect(await queue.row(ids[2]!)).toMatchObject({status: 'pending', submitter_id: null})
    // The one that was away comes back: what it lost is not its any more.
    const again = await queue.addCoordinator()
    await retakeTasks(queue.store, owner, again)
    expect((await completeAttempts(queue.store, again, [{taskId: ids[0]!, attempt: 1, result: 'completed'}])).refused).toHaveLength(1)
  })

  test('takes over what an older Helix started, which wrote attempts down before they had ended', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const [owner, other] = [await queue.addCoordinator(), await queue.addCoordinator()]
    const [id = ''] = await queue.submit([newTask()])
    await queue.claim(owner)
    await queue.store.query(
      `INSERT INTO task_attempts (task_id, attempt, worker_id, worker_name, coordinator_id, status) SELECT id, attempt, worker_id, 'w1', coordinator_id, status FROM tasks`,
    )
    expect(await queue.attempts(id)).toMatchObject([{attempt: 1, status: 'running'}])
    await endLease(queue, owner)
    expect(await adoptTasks(queue.store, other, HOST)).toHaveLength(1)
    expect((await completeAttempts(queue.store, other, [{taskId: id, attempt: 1, result: 'completed'}])).settled).toHaveLength(1)
    expect(await queue.attempts(id)).toMatchObject([{attempt: 1, status: 'completed'}])
  })

  test('is not needed when it comes back before anybody adopted: it goes on under a new id', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 1})
    const owner = await queue.addCoordinator()
    const [running = '', pending = ''] = await queue.submit(newTasks(2), owner)
    await queue.claim(owner, {scope: 'own'})
    await endLease(queue, owner)
    const again = await queue.addCoordinator()
    await retakeTasks(queue.store, owner, again)
    expect((await completeAttempts(queue.store, again, [{taskId: running, attempt: 1, result: 'completed'}])).settled).toHaveLength(1)
    expect((await queue.claim(again, {scope: 'own'})).map(({task}) => task.id)).toEqual([pending])
  })

  test('happens at once when it left in good order', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1', {slots: 1})
    const [owner, other] = [await queue.addCoordinator(), await queue.addCoordinator()]
    const [running = '', pending = ''] = await queue.submit(newTasks(2), owner)
    await queue.claim(owner, {scope: 'own'})
    await unregisterCoordinator(queue.store, owner)
    expect((await adoptTasks(queue.store, other, HOST)).map((task) => task.id)).toEqual([running])
    expect(await queue.row(pending)).toMatchObject({submitter_id: null})
  })

  test(kind === 'sqlite' ? 'happens at once when its process is gone' : 'waits for the lease although its process is gone', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const [owner, other] = [await queue.addCoordinator(), await queue.addCoordinator()]
    await queue.submit([newTask()])
    await queue.claim(owner)
    await queue.store.query('UPDATE coordinators SET pid = ? WHERE id = ?', [await pidOfDeadProcess(), owner])
    expect((await listCoordinators(queue.store, HOST)).find((one) => one.id === owner)).toMatchObject({alive: kind !== 'sqlite'})
    expect(await adoptTasks(queue.store, other, HOST)).toHaveLength(kind === 'sqlite' ? 1 : 0)
  })

  test('leaves what is bound to another machine', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const [owner, other] = [await queue.addCoordinator(), await queue.addCoordinator()]
    await queue.submit([newTask({requirements: {host_id: HOST}})])
    await queue.claim(owner)
    await endLease(queue, owner)
    expect(await adoptTasks(queue.store, other, 'elsewhere')).toEqual([])
    expect(await adoptTasks(queue.store, other, HOST)).toHaveLength(1)
  })
})

test('a process is told from a later one with the same number', () => {
  const me = currentProcess()
  expect(isProcessAlive(me)).toBe(true)
  expect(isProcessAlive({...me, processStart: '1'})).toBe(false)
  expect(isProcessAlive({...me, bootId: 'another boot'})).toBe(false)
})
