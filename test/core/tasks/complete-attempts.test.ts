import {expect, test} from '@jest/globals'
import {type AttemptEnd, completeAttempts} from '../../../src/core/tasks/complete-attempts.js'
import {queues} from '../../fixtures/open-queues.js'
import {newTask, type TestQueue} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'

const tail = Buffer.from([0, 0xff, 10, 13, 0x80])

describeStores('storing how attempts ended', (newStore) => {
  const openQueue = queues(newStore)

  async function running(queue: TestQueue, task = newTask()): Promise<{me: string; id: string; worker: string}> {
    await queue.addWorker('w1')
    const me = await queue.addCoordinator()
    await queue.submit([task])
    const [claimed] = await queue.claim(me)
    return {me, id: task.id, worker: claimed?.worker.id ?? ''}
  }

  test('keeps where and when it ran, exit code, signal, sizes and the last bytes of both streams', async () => {
    const queue = await openQueue()
    const {me, id, worker} = await running(queue)
    const {started_at} = await queue.row(id)
    const end: AttemptEnd = {
      taskId: id,
      attempt: 1,
      result: 'failed',
      failureKind: 'exit',
      exitCode: 7,
      error: 'it exited with code 7',
      stdoutBytes: 9e9,
      stderrBytes: 5,
    }
    expect(await completeAttempts(queue.store, me, [{...end, stdoutTail: tail, stderrTail: tail}])).toEqual({settled: [{id, status: 'failed'}], refused: []})
    expect(await queue.row(id)).toMatchObject({
      status: 'failed',
      failure_kind: 'exit',
      exit_code: 7,
      error_message: 'it exited with code 7',
      coordinator_id: null,
    })
    const [attempt] = await queue.store.query('SELECT * FROM task_attempts')
    expect(attempt).toMatchObject({worker_id: worker, worker_name: 'w1', coordinator_id: me, started_at})
    expect(attempt).toMatchObject({status: 'failed', exit_code: 7, stdout_bytes: 9e9, stderr_bytes: 5, stdout_tail: tail, stderr_tail: tail})
    expect(attempt?.completed_at).toBeTruthy()
    expect(await queue.transitions.problems([id])).toEqual([])
  })

  test('is refused for one whose lease has ended, whoever owns the task', async () => {
    const queue = await openQueue()
    const {me, id} = await running(queue)
    await queue.store.query(`UPDATE coordinators SET lease_expires_at = ${queue.store.sql.afterSeconds} WHERE id = ?`, [-1, me])
    const end: AttemptEnd = {taskId: id, attempt: 1, result: 'completed'}
    expect(await completeAttempts(queue.store, me, [end])).toEqual({settled: [], refused: [end]})
    expect(await queue.row(id)).toMatchObject({status: 'running'})
    expect(await queue.attempts(id)).toMatchObject([{status: 'running'}])
  })

  test('is refused for another owner, another attempt, and a second time', async () => {
    const queue = await openQueue()
    const {me, id} = await running(queue)
    const other = await queue.addCoordinator()
    const end: AttemptEnd = {taskId: id, attempt: 1, result: 'completed'}
    expect((await completeAttempts(queue.store, other, [end])).refused).toEqual([end])
    expect((await completeAttempts(queue.store, me, [{...end, attempt: 2}])).refused).toHaveLength(1)
    expect((await completeAttempts(queue.store, me, [end])).settled).toHaveLength(1)
    const late: AttemptEnd = {...end, result: 'failed', failureKind: 'host'}
    expect((await completeAttempts(queue.store, me, [late])).refused).toEqual([late])
    expect(await queue.row(id)).toMatchObject({status: 'completed', failure_kind: null})
    expect(await queue.attempts(id)).toMatchObject([{status: 'completed', failure_kind: null}])
    expect(await queue.transitions.problems([id])).toEqual([])
  })

  test('of one submission takes the good ones and refuses the others', async () => {
    const queue = await openQueue()
    const {me, id} = await running(queue)
    const other = newTask()
    await queue.submit([other])
    const ends: AttemptEnd[] = [id, other.id].map((taskId) => ({taskId, attempt: 1, result: 'completed'}))
    expect(await completeAttempts(queue.store, me, ends)).toEqual({settled: [{id, status: 'completed'}], refused: [ends[1]]})
  })

  test('puts a failed one that is to be tried again back, for later', async () => {
    const queue = await openQueue()
    const {me, id, worker} = await running(queue)
    const end: AttemptEnd = {taskId: id, attempt: 1, result: 'retry', retryAfterSeconds: 60, failureKind: 'exit', exitCode: 1, error: 'no luck'}
    expect(await completeAttempts(queue.store, me, [end])).toEqual({settled: [], refused: []})
    expect(await queue.row(id)).toMatchObject({
      status: 'pending',
      failures: 1,
      attempt: 1,
      worker_id: worker,
      coordinator_id: null,
      completed_at: null,
      error_message: 'no luck',
    })
    expect(await queue.claim(me)).toEqual([])
    const [wait] = await queue.store.query<{seconds: number}>(
      queue.store.dialect === 'sqlite'
        ? `SELECT (julianday(available_at) - julianday('now')) * 86400 AS seconds FROM tasks`
        : 'SELECT CAST(extract(epoch FROM available_at - clock_timestamp()) AS double precision) AS seconds FROM tasks',
    )
    expect(wait?.seconds).toBeGreaterThan(50)
    expect(wait?.seconds).toBeLessThanOrEqual(60)
    await queue.store.query(`UPDATE tasks SET available_at = ${queue.store.sql.now}`)
    const [again] = await queue.claim(me)
    expect(again?.task).toMatchObject({attempt: 2, failures: 1})
    expect(await queue.row(id)).toMatchObject({error_message: null})
    expect(await queue.attempts(id)).toMatchObject([
      {attempt: 1, status: 'failed', failure_kind: 'exit'},
      {attempt: 2, status: 'running'},
    ])
  })

  test('burns nothing when an attempt never ran: a released one keeps its number, an unsent one gives it back', async () => {
    const queue = await openQueue()
    const {me, id} = await running(queue)
    await completeAttempts(queue.store, me, [{taskId: id, attempt: 1, result: 'released', error: 'it had not started'}])
    expect(await queue.row(id)).toMatchObject({status: 'pending', failures: 0, attempt: 1})
    expect((await queue.claim(me))[0]?.task.attempt).toBe(2)
    await completeAttempts(queue.store, me, [{taskId: id, attempt: 2, result: 'unsent', error: 'w1 is away'}])
    expect(await queue.row(id)).toMatchObject({status: 'pending', failures: 0, attempt: 1, error_message: 'w1 is away'})
    expect((await queue.claim(me))[0]?.task.attempt).toBe(2)
    await completeAttempts(queue.store, me, [{taskId: id, attempt: 2, result: 'completed'}])
    expect(await queue.attempts(id)).toMatchObject([
      {attempt: 1, status: 'released'},
      {attempt: 2, status: 'completed'},
    ])
    expect(await queue.transitions.problems([id])).toEqual([])
  })

  test.each(['retry', 'released', 'unsent'] as const)('cancels a task that was to be cancelled instead of putting it back: %s', async (result) => {
    const queue = await openQueue()
    const {me, id} = await running(queue)
    await queue.store.query(`UPDATE tasks SET cancel_requested_at = ${queue.store.sql.now}`)
    const {settled} = await completeAttempts(queue.store, me, [{taskId: id, attempt: 1, result}])
    expect(settled).toEqual([{id, status: 'cancelled'}])
    expect(await queue.row(id)).toMatchObject({status: 'cancelled'})
    expect((await queue.row(id)).completed_at).toBeTruthy()
    expect(await queue.claim(me)).toEqual([])
    expect(await queue.transitions.problems([id])).toEqual([])
  })
})
