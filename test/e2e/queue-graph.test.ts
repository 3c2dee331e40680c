import {expect, test} from '@jest/globals'
import {type QueueUser, queueUsers} from '../fixtures/queue-user.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'

function graph(user: QueueUser, more: Record<string, object> = {}): string {
  const step = (name: string) => `echo ${name} >> ${user.path('ran')}; sleep 0.4`
  const tasks = {
    a: {run: step('a')},
    b: {run: step('b'), needs: ['a']},
    c: {run: step('c'), needs: ['a']},
    d: {run: step('d'), needs: ['b', 'c']},
  }
  return user.write('graph.json', JSON.stringify({tasks: {...tasks, ...more}}))
}

describeStores('a graph of tasks', (newStore) => {
  const openUser = queueUsers(newStore)

  test('whose coordinator is killed at each edge runs each task once, the last one after all it needs', async () => {
    const user = await openUser()
    let coordinator = user.start(['task', 'apply', graph(user)])
    for (const edge of ['a', 'b', 'c', 'd']) {
      await waitFor(`${edge} to run`, () => user.lines().includes(edge))
      coordinator.child.kill('SIGKILL')
      await coordinator.result
      await user.endLeaseOf(coordinator.child)
      coordinator = await user.startScheduler('--drain')
    }
    await coordinator.result
    const [first, ...middle] = user.lines()
    expect([first, ...middle.slice(0, 2).sort(), ...middle.slice(2)]).toEqual(['a', 'b', 'c', 'd'])
    const rows = await user.queue.store.query('SELECT name, status, attempt FROM tasks ORDER BY name')
    expect(rows).toEqual(['a', 'b', 'c', 'd'].map((name) => ({name, status: 'completed', attempt: 1})))
    expect(await user.problems()).toEqual([])
  })

  test('in which one fails: what needs it fails as dependency, cleaning up runs all the same, retrying it mends all', async () => {
    const user = await openUser()
    const file = graph(user, {
      b: {run: `echo b >> ${user.path('ran')}; test -e ${user.path('go')}`, needs: ['a']},
      cleanup: {run: `echo cleanup >> ${user.path('ran')}`, needs: ['d'], when: 'always'},
    })
    const result = await user.run(['task', 'apply', file, '--json'])
    expect(result.code).toBe(2)
    const failures = JSON.parse(result.stdout).tasks.filter((task: {status: string}) => task.status === 'failed')
    expect(failures).toMatchObject([
      {name: 'b', failure_kind: 'exit', exit_code: 1},
      {name: 'd', failure_kind: 'dependency', error: 'a task that it needs did not complete: b', attempt: 0},
    ])
    expect(user.lines().at(-1)).toBe('cleanup')
    expect(await user.problems()).toEqual([])
    user.write('go')
    const {id} = await user.task('b')
    const retried = JSON.parse((await user.run(['task', 'retry', String(id), '--json'])).stdout).tasks
    expect(retried.map((task: {name: string}) => task.name).sort()).toEqual(['b', 'd'])
    expect((await user.run(['task', 'wait', ...retried.map((task: {id: string}) => task.id)])).code).toBe(0)
    expect(user.lines().filter((line) => line === 'd')).toEqual(['d'])
  })

  test('that has a handler for failures runs it when one fails, and does not need it otherwise', async () => {
    const user = await openUser()
    const step = (name: string, code = 0) => `echo ${name} >> ${user.path('ran')}; exit ${code}`
    const file = (code: number) =>
      user.write(
        'conditions.json',
        JSON.stringify({
          tasks: {
            build: {run: step('build', code)},
            alarm: {run: step('alarm'), needs: ['build'], when: 'failure'},
            mail: {run: step('mail'), needs: ['alarm']},
            report: {
              run: step('report'),
              needs: [
                {task: 'mail', when: 'always'},
                {task: 'build', when: 'always'},
              ],
            },
          },
        }),
      )
    expect((await user.run(['task', 'apply', file(0)])).code).toBe(0)
    expect(user.lines()).toEqual(['build', 'report'])
    const {id} = await user.task('alarm')
    expect(await user.run(['task', 'wait', String(id)])).toMatchObject({code: 0, stdout: expect.stringContaining('cancelled')})
    expect((await user.run(['task', 'apply', file(3)])).code).toBe(1)
    expect(user.lines().slice(2)).toEqual(['build', 'alarm', 'mail', 'report'])
    expect(await user.problems()).toEqual([])
  })

  test('with a circle, or with a mistake in it, is refused in one line and leaves nothing behind', async () => {
    const user = await openUser()
    const files = {
      circle: graph(user, {a: {run: 'true', needs: ['d']}}),
      'no such need': user.write('need.yaml', 'tasks: {a: {run: x, needs: [b]}}'),
      'broken file': user.write('broken.yaml', 'tasks: [a: {'),
      'no file': user.path('none.yaml'),
    }
    for (const file of Object.values(files)) {
      const {code, stdout, stderr} = await user.run(['task', 'apply', file])
      expect({code, stdout}).toEqual({code: 2, stdout: ''})
      expect(stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
    }
    expect(await user.ids()).toEqual([])
  })
})
