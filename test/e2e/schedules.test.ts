import {expect, test} from '@jest/globals'
import {queueUsers} from '../fixtures/queue-user.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'

describeStores('tasks with a time', (newStore) => {
  const openUser = queueUsers(newStore)

  test('wait for it in the foreground, and say when they start while they wait', async () => {
    const user = await openUser()
    const {result} = user.start(['task', 'run', '--in', '1h', '--project', 'site', '--', 'sh', '-c', `echo late >> ${user.path('ran')}`])
    await waitFor('the task', async () => (await user.ids()).length > 0)
    const [id = ''] = await user.ids()
    const shown = JSON.parse((await user.run(['task', 'show', id, '--json'])).stdout)
    expect(shown).toMatchObject({status: 'pending', project: 'site', pending_reason: `it starts at ${shown.available_at}`})
    // However long it took to ask, its time had not come.
    const {store} = user.queue
    await store.query(`UPDATE tasks SET available_at = ${store.sql.afterSeconds}`, [2])
    const {available_at: availableAt} = await user.task()
    expect((await result).code).toBe(0)
    expect(user.lines()).toEqual(['late'])
    const {started_at: startedAt} = await user.task()
    expect(new Date(String(startedAt)).getTime()).toBeGreaterThanOrEqual(new Date(String(availableAt)).getTime())
    expect(JSON.parse((await user.run(['task', 'list', '--project', 'site', '--json'])).stdout).tasks).toHaveLength(1)
    expect(JSON.parse((await user.run(['task', 'list', '--project', 'default', '--json'])).stdout).tasks).toEqual([])
  })

  test('that is no time, has passed or contradicts another flag are refused in one line and leave nothing behind', async () => {
    const user = await openUser()
    const flags = [
      ['--at', 'noon'],
      ['--at', '2020-01-01T00:00Z'],
      ['--in', 'soon'],
      ['--at', '23:59', '--in', '1m'],
      ['--upload', 'nowhere'],
      ['--on-lost', 'retry'],
    ]
    for (const some of flags) {
      const {code, stdout, stderr} = await user.run(['task', 'run', ...some, '--', 'true'])
      expect({some, code, stdout}).toEqual({some, code: 2, stdout: ''})
      expect(stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
    }
    expect(await user.ids()).toEqual([])
  })
})

describeStores('a schedule', (newStore) => {
  const openUser = queueUsers(newStore)

  test('queues its task each time, with its variables, under whichever of two schedulers sees to it, as long as it is not paused', async () => {
    const user = await openUser()
    const command = ['--', 'sh', '-c', `echo "$TOKEN $HELIX_TASK_ID" >> ${user.path('ran')}`]
    const added = await user.run(['schedule', 'add', 'tick', '--cron', '* * * * * *', '--env', 'TOKEN', '--json', ...command], {env: {TOKEN: 's3cret'}})
    expect(JSON.parse(added.stdout)).toMatchObject({name: 'tick', enabled: true, bound: true, overlap: 'skip', last_task_id: null})
    expect(added.stderr).toContain('no scheduler is running')
    await user.startScheduler()
    await user.startScheduler()
    await waitFor('three runs', () => user.lines().length >= 3)
    expect((await user.run(['schedule', 'pause', 'tick'])).code).toBe(0)
    await waitFor('the last to end', async () => (await user.queue.store.query(`SELECT id FROM tasks WHERE status IN ('pending', 'running')`)).length === 0)
    const ids = await user.ids()
    expect(user.lines().toSorted()).toEqual(ids.map((id) => `s3cret ${id}`).toSorted())
    expect(await user.problems()).toEqual([])
    // One task a time: the times are a second apart.
    const keys = (await user.queue.store.query<{idempotency_key: string}>('SELECT idempotency_key FROM tasks')).map((row) => row.idempotency_key)
    expect(new Set(keys).size).toBe(ids.length)
    const paused = JSON.parse((await user.run(['schedule', 'show', 'tick', '--json'])).stdout)
    expect(paused).toMatchObject({enabled: false, next_at: null, last_status: 'completed'})

    const {stdout} = await user.run(['schedule', 'run', 'tick'])
    expect((await user.run(['task', 'wait', stdout.trim()])).code).toBe(0)
    expect(user.lines()).toHaveLength(ids.length + 1)
    expect((await user.run(['schedule', 'remove', 'tick'])).stdout).toBe('Removed tick.\n')
    expect(JSON.parse((await user.run(['schedule', 'list', '--json'])).stdout)).toEqual({schedules: []})
  })

  test('does not keep a scheduler alive that is to end when the queue is empty', async () => {
    const user = await openUser()
    await user.run(['schedule', 'add', 'tick', '--cron', '* * * * * *', '--', 'true'])
    const {code, stdout} = await user.run(['scheduler', 'start', '--drain'])
    expect({code, stdout}).toEqual({code: 0, stdout: 'Ran 0 tasks.\n'})
  })

  test('with a mistake in it is refused in one line', async () => {
    const user = await openUser()
    const mistakes = [
      ['--cron', 'daily', '--', 'true'],
      ['--cron', '* * * * *', '--timezone', 'Mars', '--', 'true'],
      ['--cron', '* * * * *'],
      ['--', 'true'],
    ]
    for (const mistake of mistakes) {
      const {code, stdout, stderr} = await user.run(['schedule', 'add', 'x', ...mistake])
      expect({mistake, code, stdout}).toEqual({mistake, code: 2, stdout: ''})
      expect(stderr).toMatch(/^Error: /)
    }
    const unknown = await user.run(['schedule', 'pause', 'x'])
    expect(unknown).toMatchObject({code: 2, stderr: expect.stringMatching(/^Error: there is no schedule named x\n/)})
  })
})

describeStores('an idempotency key', (newStore) => {
  const openUser = queueUsers(newStore)

  test('of a map and of a graph queues nothing twice, and shows what was printed the first time', async () => {
    const user = await openUser()
    const map = ['task', 'map', '--keep-order', '--idempotency-key', 'm', '--', 'sh', '-c', `echo "$HELIX_ITEM" | tee -a ${user.path('ran')}`]
    const graph = user.write('graph.json', JSON.stringify({tasks: {a: {run: `echo a | tee -a ${user.path('ran')}`}, b: {run: 'echo b', needs: ['a']}}}))
    const apply = ['task', 'apply', graph, '--idempotency-key', 'g']
    for (let round = 0; round < 2; round++) {
      expect(await user.run(map, {input: '1\n2\n'})).toMatchObject({code: 0, stdout: '1\n2\n'})
      expect(await user.run(apply)).toMatchObject({code: 0, stdout: 'a\nb\n'})
    }
    expect(user.lines().toSorted()).toEqual(['1', '2', 'a'])
    const other = user.write('graph.json', JSON.stringify({tasks: {a: {run: 'true'}, c: {run: 'true', needs: ['a']}}}))
    expect(await user.run(['task', 'apply', other, '--idempotency-key', 'g'])).toMatchObject({code: 2, stdout: ''})
    expect(await user.ids()).toHaveLength(4)
  })
})
