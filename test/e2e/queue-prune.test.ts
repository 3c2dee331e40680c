import {execFileSync} from 'node:child_process'
import {closeSync, existsSync, openSync, readdirSync, writeSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from '@jest/globals'
import {queueUsers} from '../fixtures/queue-user.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'

describeStores('task prune', (newStore) => {
  const openUser = queueUsers(newStore)

  test('forgets ended tasks with their folders and files, and leaves the others alone', async () => {
    const user = await openUser()
    const {store} = user.queue
    expect((await user.run(['task', 'map', '--env', 'A=1', '--', 'echo'], {input: 'a\nb\n'})).code).toBe(0)
    const running = user.start(['task', 'run', '--name', 'running', '--', 'sh', '-c', `while [ ! -e ${user.path('go')} ]; do sleep 0.05; done`])
    await user.waitForStatus('running', 'running')
    // Somebody who has just begun, and whose first task is not stored yet.
    await store.query(
      `INSERT INTO requests (id, project_id, client, command, host_id) SELECT 'aaaaaaaa-0000-4000-8000-000000000000', id, 'cli', 'task map', '' FROM projects`,
    )
    const before = await user.run(['task', 'prune', '--older-than', '0', '--dry-run', '--json'])
    expect(JSON.parse(before.stdout)).toEqual({tasks: 2, logs: 0, left_behind: []})
    expect(await user.ids()).toHaveLength(3)
    expect((await user.run(['task', 'prune', '--older-than', '1h', '--json'])).stdout).toContain('"tasks": 0')
    expect(await store.query('SELECT task_id FROM task_attempts')).toHaveLength(2)
    const pruned = await user.run(['task', 'prune', '--older-than', '0', '--json'])
    expect(JSON.parse(pruned.stdout)).toEqual({tasks: 2, logs: 0, left_behind: []})
    const [id = ''] = await user.ids()
    expect(await user.ids()).toEqual([id])
    expect(await store.query('SELECT id FROM requests')).toHaveLength(2)
    expect(await store.query('SELECT task_id FROM task_attempts')).toEqual([])
    const root = join(user.home.root, '.local/state/helix', await store.id())
    expect(readdirSync(root)).toEqual([id])
    expect(readdirSync(join(user.home.dataDir, 'spool'))).toHaveLength(1)
    user.write('go')
    expect((await running.result).code).toBe(0)
    expect((await user.run(['task', 'prune', '--older-than', '0'])).code).toBe(0)
    expect(existsSync(join(root, id))).toBe(false)
    expect(await user.ids()).toEqual([])
  })

  test('does no harm to a map whose items come little by little', async () => {
    const user = await openUser()
    const fifo = user.path('items')
    execFileSync('sh', ['-c', 'mkfifo "$0"', fifo])
    const items = openSync(fifo, 'r+')
    const map = user.start(['task', 'map', '--env', 'A=1', '-a', fifo, '--', 'sh', '-c', 'echo "$HELIX_ITEM $A"'])
    const prune = async () => JSON.parse((await user.run(['task', 'prune', '--older-than', '0', '--json'])).stdout).tasks
    for (const item of ['a', 'b', 'c']) {
      writeSync(items, `${item}\n`)
      await waitFor('the task of the item to be pruned', async () => (await prune()) === 1)
      expect(await user.queue.store.query('SELECT id FROM requests')).toEqual([])
    }
    closeSync(items)
    expect(await map.result).toMatchObject({code: 0, stdout: 'a 1\nb 1\nc 1\n', stderr: ''})
  })

  test('keeps what a task that is still to run needs', async () => {
    const user = await openUser()
    const file = user.write(
      'graph.json',
      JSON.stringify({tasks: {a: {run: 'true'}, b: {run: `while [ ! -e ${user.path('go')} ]; do sleep 0.05; done`, needs: ['a']}}}),
    )
    const apply = user.start(['task', 'apply', file])
    await user.waitForStatus('running', 'b')
    expect(JSON.parse((await user.run(['task', 'prune', '--older-than', '0', '--json'])).stdout).tasks).toBe(0)
    user.write('go')
    expect((await apply.result).code).toBe(0)
    expect(await user.ids()).toHaveLength(2)
  })
})
