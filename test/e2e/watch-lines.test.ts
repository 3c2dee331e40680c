import {randomUUID} from 'node:crypto'
import {join} from 'node:path'
import {describe, expect, test} from '@jest/globals'
import {completeAttempts} from '../../src/core/tasks/complete-attempts.js'
import {markUnusable} from '../../src/core/workers/worker-store.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {newTask, newTasks} from '../fixtures/queue.js'
import {type QueueUser, queueUsers} from '../fixtures/queue-user.js'
import {runFolder} from '../fixtures/run-folder.js'
import {describeStores} from '../fixtures/stores.js'
import {noTmux, terminals} from '../fixtures/terminal.js'
import {waitFor} from '../fixtures/wait-for.js'

const newFile = async () => `sqlite:${join(runFolder(), `${randomUUID()}.db`)}`

function startWatch(user: QueueUser, args: readonly string[]) {
  const {child, result} = user.start(args)
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  const lines = () => text.split('\n').slice(0, -1)
  const prints = (count: number) => waitFor(`${count} lines of ${args.join(' ')}`, () => (lines().length >= count ? lines() : undefined))
  return {child, result, prints}
}

describeStores('watching without a terminal', (newStore) => {
  const openUser = queueUsers(newStore)

  test('tells of named tasks a line for each change, and ends with them as task wait does', async () => {
    const user = await openUser()
    await user.queue.addWorker('w1')
    const me = await user.queue.addCoordinator()
    const [id] = (await user.queue.submit([newTask({name: 'a\u001b[1mb'})])) as [string]
    const {result, prints} = startWatch(user, ['task', 'watch', id.slice(0, 13)])
    await prints(1)
    await user.queue.claim(me)
    await prints(2)
    await completeAttempts(user.queue.store, me, [{taskId: id, attempt: 1, result: 'failed', failureKind: 'exit', exitCode: 7}])
    const {code, stdout, stderr} = await result
    const short = id.slice(0, 8)
    expect(stdout.split('\n')).toEqual([
      `${short}  pending    -  a\\u001b[1mb`,
      `${short}  running    w1  a\\u001b[1mb`,
      `${short}  failed     w1  a\\u001b[1mb (exit 7)`,
      '1 failed',
      '',
    ])
    expect({code, stderr}).toEqual({code: 7, stderr: ''})
  })

  test('prints events as lines of JSON, the end last; the exit code counts what did not complete', async () => {
    const user = await openUser()
    await user.queue.addWorker('w1')
    const me = await user.queue.addCoordinator()
    const ids = await user.queue.submit(newTasks(3))
    // Another request's task, which is none of its business.
    await user.queue.submit(newTasks(1))
    const {request_id: request} = JSON.parse((await user.run(['task', 'show', ids[0]!, '--json'])).stdout)
    expect((await user.run(['task', 'show', ids[1]!])).stdout).toContain(`request:         ${request}\n`)
    const {result, prints} = startWatch(user, ['task', 'watch', '--request', request, '--output', 'stream-json'])
    await user.queue.claim(me, {limit: 3})
    await prints(3)
    const end = (taskId: string, result: 'completed' | 'failed') => ({taskId, attempt: 1, result})
    await completeAttempts(user.queue.store, me, [end(ids[0]!, 'failed'), end(ids[1]!, 'completed'), end(ids[2]!, 'failed')])
    const {code, stdout} = await result
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const told = events.slice(0, -1).map(({type, task}) => `${type} ${ids.indexOf(task.id)} ${task.status}`)
    expect(events.slice(0, -1).map(({task}) => task.request_id)).toEqual(Array(6).fill(request))
    expect(told.slice(0, 3).sort()).toEqual(['task 0 running', 'task 1 running', 'task 2 running'])
    expect(told.slice(3).sort()).toEqual(['task 0 failed', 'task 1 completed', 'task 2 failed'])
    expect(events.at(-1)).toEqual({type: 'end', counts: {pending: 0, running: 0, completed: 1, failed: 2, cancelled: 0}})
    expect(code).toBe(2)
  })
})

describe('watching workers without a terminal', () => {
  const openUser = queueUsers(newFile)

  test('tells of each worker, and then of those that change, come or go', async () => {
    const user = await openUser()
    const {store} = user.queue
    await user.queue.addWorker('w1')
    const {child, result, prints} = startWatch(user, ['worker', 'watch', '--output', 'stream-json'])
    await prints(2)
    const [row] = await store.query<{id: string}>(`SELECT id FROM workers WHERE name = 'w1'`)
    await markUnusable(store, row!.id, 'inactive', 'no answer for 20 s', 60)
    await prints(3)
    await user.queue.addWorker('w2')
    await prints(4)
    await store.query(`DELETE FROM workers WHERE name = 'w1'`)
    const lines = (await prints(5)).map((line) => JSON.parse(line))
    expect(lines.map(({type, worker}) => [type, worker.name, worker.status])).toEqual([
      ['worker', 'w1', 'active'],
      ['worker', 'local', 'active'],
      ['worker', 'w1', 'inactive'],
      ['worker', 'w2', 'active'],
      ['worker_removed', 'w1', undefined],
    ])
    expect(lines[2].worker).toMatchObject({status_reason: 'no answer for 20 s', slots: 4, running: 0, load: {}})
    child.kill('SIGINT')
    expect((await result).code).toBe(130)
  })

  test('with --json prints one object at the end, and the lines to standard error', async () => {
    const user = await openUser()
    const {child, result} = user.start(['worker', 'watch', '--json'])
    await new Promise((resolve) => child.stderr.once('data', resolve))
    child.kill('SIGTERM')
    const {code, stdout, stderr} = await result
    expect(JSON.parse(stdout)).toEqual({workers: [expect.objectContaining({name: 'local', status: 'active'})]})
    expect(stderr).toMatch(/^local {2}active {2}0\/\d+\n$/)
    expect(code).toBe(143)
  })

  test('ends when whoever reads its output has left', async () => {
    const user = await openUser()
    await user.queue.addWorker('w1')
    const {child, result, prints} = startWatch(user, ['worker', 'watch'])
    await prints(2)
    child.stdout.destroy()
    await user.queue.addWorker('w2')
    expect((await result).code).toBe(141)
  })

  test('refuses what it cannot watch in one line', async () => {
    const user = await openUser()
    for (const [args, message] of [
      [['task', 'watch', 'zzz'], 'Error: there is no task zzz\n'],
      [['task', 'watch', '--request', 'zzz'], 'Error: there is no request zzz\n'],
      [['task', 'watch', '--worker', 'w9'], 'Error: there is no worker named w9\n'],
      [['task', 'list', '--output', 'stream-json'], 'Expected --output=stream-json to be one of: text, json, yaml'],
    ] as const) {
      const {code, stdout, stderr} = await user.run(args)
      expect({code, stdout}).toEqual({code: 2, stdout: ''})
      expect(stderr).toContain(message)
    }
  })
})

describeUnless(noTmux(), 'watching in a terminal that is not for views', () => {
  const openUser = queueUsers(newFile)
  const openTerminal = terminals()

  test.each([{TERM: 'dumb'}, {CI: 'true'}])('prints plain lines: %j', async (env) => {
    const {home} = await openUser()
    const terminal = openTerminal(home, ['worker', 'watch'], {env})
    await terminal.shows(/^local {2}active/)
    expect(terminal.output()).not.toContain('\u001b')
  })
})
