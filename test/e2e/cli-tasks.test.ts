import {mkdtempSync, readdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, beforeEach, describe, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish, type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {runFolder} from '../fixtures/run-folder.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import {startPool, type WorkerPool} from '../fixtures/worker-pool.js'

const json = async (home: HelixHome, ...args: string[]) => JSON.parse((await home.run([...args, '--json'])).stdout)
/** A script that ends once a file is there. */
const until = (file: string) => `until [ -e '${file}' ]; do sleep 0.05; done`

describe('tasks of the past', () => {
  let home: HelixHome

  beforeEach(() => {
    home = makeHelixHome()
  })

  const run = async (...command: string[]): Promise<string> => {
    await home.run(['task', 'run', '--', ...command])
    return (await json(home, 'task', 'list', '--limit', '1')).tasks[0].id
  }

  test('are listed, the newest first, by state and page by page', async () => {
    expect((await home.run(['task', 'list'])).stdout).toContain('There are no such tasks')
    const ids = [await run('true'), await run('sh', '-c', 'exit 4'), await run('echo', 'three')]
    const {tasks} = await json(home, 'task', 'list')
    expect(tasks.map((task: {id: string}) => task.id)).toEqual(ids.toReversed())
    expect((await home.run(['task', 'list'])).stdout).toMatch(
      new RegExp(`^ID +STATUS +WORKER +ATTEMPT +EXIT +TASK\n${ids[2]?.slice(0, 8)} +completed +local +1 +0 +echo three\n`),
    )
    expect((await json(home, 'task', 'list', '--status', 'failed')).tasks).toMatchObject([{id: ids[1], exit_code: 4}])
    const page = await json(home, 'task', 'list', '--limit', '2')
    const rest = await json(home, 'task', 'list', '--before', String(page.next))
    expect([...page.tasks, ...rest.tasks].map((task: {id: string}) => task.id)).toEqual(ids.toReversed())
    expect(rest.next).toBeUndefined()
  })

  test('that were meant for a shell say so when they have failed', async () => {
    const hint = /^helix: .*"echo a; echo" is taken for the name of a program; .*sh -c/m
    const ran = await home.run(['task', 'run', '--', 'echo a; echo'])
    expect(ran).toMatchObject({code: 127, stderr: expect.stringMatching(hint)})
    const mapped = await home.run(['task', 'map', 'echo a; echo', ':::', '1', '2'])
    expect(mapped.code).toBe(2)
    expect(mapped.stderr.split('\n').filter((line) => hint.test(line))).toHaveLength(1)
    // A name with a space is one all the same, and what fails for another reason has its own words.
    const folder = mkdtempSync(join(runFolder(), 'spaced-'))
    const program = join(folder, 'my tool')
    writeFileSync(program, '#!/bin/sh\nexit $1\n', {mode: 0o755})
    expect(await home.run(['task', 'map', program, ':::', '0', '3'])).toMatchObject({code: 1, stderr: ''})
    expect((await home.run(['task', 'run', '--', 'no-such-program', 'a b'])).stderr).not.toContain('sh -c')
  })

  test('show what they were, and go by the beginning of their id', async () => {
    const id = await run('sh', '-c', 'echo out; echo err >&2; exit 4')
    const shown = await json(home, 'task', 'show', id.slice(0, 8))
    expect(shown).toMatchObject({
      schema_version: 1,
      id,
      status: 'failed',
      failure_kind: 'exit',
      worker: 'local',
      attempt: 1,
      exit_code: 4,
      stdout: 'out\n',
      stderr: 'err\n',
      pending_reason: null,
    })
    expect(shown.attempts).toMatchObject([{attempt: 1, exit_code: 4, worker: 'local'}])
    expect(shown.duration_ms).toBeGreaterThanOrEqual(0)
    expect((await home.run(['task', 'show', id])).stdout).toMatch(/^exit code: +4$/m)
  })

  test('keep their output: whole, its last lines, or the other stream', async () => {
    const id = await run('sh', '-c', 'seq -w 1 20000; echo err >&2')
    const whole = Array.from({length: 20_000}, (_, index) => `${String(index + 1).padStart(5, '0')}\n`).join('')
    expect((await home.run(['task', 'logs', id])).stdout).toBe(whole)
    expect(await home.run(['task', 'logs', id, '--tail', '2'])).toMatchObject({code: 0, stdout: '19999\n20000\n'})
    expect(await home.run(['task', 'logs', id, '--tail', '0'])).toMatchObject({code: 0, stdout: ''})
    expect(await home.run(['task', 'logs', id, '--stderr'])).toMatchObject({code: 0, stdout: 'err\n'})
    expect(await json(home, 'task', 'logs', id, '--stderr')).toMatchObject({task_id: id, attempt: 1, stream: 'stderr', text: 'err\n'})
    expect(await home.run(['task', 'logs', id, '--attempt', '2'])).toMatchObject({code: 2, stdout: ''})
    expect(await json(home, 'task', 'show', id)).toMatchObject({stdout_truncated: true, stderr_truncated: false})
  })

  test('can be tried again, with the attempts of before still there', async () => {
    const flag = join(home.root, 'mended')
    const id = await run('sh', '-c', `[ -e '${flag}' ] || { echo broken; exit 1; }; echo whole`)
    writeFileSync(flag, '')
    expect(await json(home, 'task', 'retry', id)).toMatchObject({tasks: [{id, status: 'pending'}]})
    expect(await home.run(['task', 'wait', id])).toMatchObject({code: 0})
    expect(await json(home, 'task', 'show', id)).toMatchObject({
      status: 'completed',
      attempt: 2,
      attempts: [
        {attempt: 1, exit_code: 1},
        {attempt: 2, exit_code: 0},
      ],
    })
    expect((await home.run(['task', 'logs', id])).stdout).toBe('whole\n')
    expect((await home.run(['task', 'logs', id, '--attempt', '1'])).stdout).toBe('broken\n')
    expect(await home.run(['task', 'retry', id])).toMatchObject({code: 2, stdout: ''})
  })

  test('are forgotten with all that is kept of them', async () => {
    const id = await run('echo', 'x')
    const folders = () => readdirSync(join(home.root, '.local/state/helix'), {recursive: true}).filter((path) => String(path).includes(id))
    expect(folders().length).toBeGreaterThan(0)
    expect(await json(home, 'task', 'prune')).toEqual({tasks: 0, logs: 0, left_behind: []})
    expect(await json(home, 'task', 'prune', '--older-than', '0s', '--dry-run')).toMatchObject({tasks: 1})
    expect(await json(home, 'task', 'prune', '--older-than', '0s')).toEqual({tasks: 1, logs: 0, left_behind: []})
    expect(folders()).toEqual([])
    expect(readdirSync(join(home.dataDir, 'spool'))).toEqual([])
    expect(await home.run(['task', 'show', id])).toMatchObject({code: 2})
  })

  test('made in the background are run by a scheduler that ends by itself', async () => {
    const detached = await home.run(['task', 'run', '--detach', '--', 'echo', 'later'])
    expect(detached.stdout).toMatch(/^[0-9a-f-]{36}\n$/)
    expect(detached.stderr).toContain('started a scheduler in the background')
    const id = detached.stdout.trim()
    expect(await home.run(['task', 'logs', id, '--follow'])).toMatchObject({code: 0, stdout: 'later\n'})
    const mapped = await home.run(['task', 'map', '--detach', '--', 'echo'], {input: 'a\nb\n'})
    expect(mapped.stdout).toMatch(/^([0-9a-f-]{36}\n){2}$/)
    expect(await home.run(['task', 'wait', ...mapped.stdout.trim().split('\n')])).toMatchObject({code: 0})
    await waitFor('the scheduler to end', async () => (await json(home, 'scheduler', 'status')).coordinators.length === 0)
  })
})

describe('task map', () => {
  test('has as exit code how many tasks failed, and says so in JSON', async () => {
    const home = makeHelixHome()
    const input = '0\n1\n0\n1\n1\n'
    expect(await home.run(['task', 'map', '-k', '--', 'sh', '-c', 'echo {#}; exit {}'], {input})).toMatchObject({code: 3, stdout: '1\n2\n3\n4\n5\n'})
    const result = await home.run(['task', 'map', '--json', '--', 'sh', '-c', 'exit {}'], {input})
    expect(result.code).toBe(3)
    expect(JSON.parse(result.stdout).tasks.map((task: {exit_code: number}) => task.exit_code)).toEqual([0, 1, 0, 1, 1])
    expect(await home.run(['task', 'map', '--', 'false'], {input: ''})).toMatchObject({code: 0, stdout: ''})
  })

  test('prints in the order of the lines with --keep-order, and otherwise as the tasks end', async () => {
    const home = makeHelixHome()
    const script = `[ {} != 1 ] || ${until(join(home.root, 'two'))}; echo {}; touch '${home.root}/two'`
    expect(await home.run(['task', 'map', '--keep-order', '--', 'sh', '-c', script], {input: '1\n2\n'})).toMatchObject({stdout: '1\n2\n'})
    const gate = join(home.root, 'gate')
    const child = home.spawn(['task', 'map', '--', 'sh', '-c', `[ {} != 1 ] || ${until(gate)}; echo {}`])
    let seen = ''
    child.stdout.on('data', (chunk: Buffer) => {
      seen += String(chunk)
    })
    const ended = finish(child, '1\n2\n')
    await waitFor('the second line', () => seen === '2\n')
    writeFileSync(gate, '')
    expect(await ended).toMatchObject({code: 0, stdout: '2\n1\n'})
  })
})

describeUnless(sshdAvailable(), 'tasks of the present', () => {
  let pool: WorkerPool
  let gate: string

  beforeAll(async () => {
    pool = await startPool({slots: 2})
  })

  afterAll(() => pool.close())

  beforeEach(() => {
    gate = join(pool.server.folder, `gate-${performance.now()}`)
  })

  test('can be followed from another terminal, on another machine', async () => {
    const id = (await pool.home.run(['task', 'run', '--detach', '--', 'sh', '-c', `echo first; ${until(gate)}; echo last; exit 6`])).stdout.trim()
    const child = pool.home.spawn(['task', 'logs', id, '--follow'])
    let seen = ''
    child.stdout.on('data', (chunk: Buffer) => {
      seen += String(chunk)
    })
    const ended = finish(child)
    await waitFor('the first line', () => seen === 'first\n')
    expect((await pool.home.run(['task', 'logs', id])).stdout).toBe('first\n')
    writeFileSync(gate, '')
    expect(await ended).toMatchObject({code: 0, stdout: 'first\nlast\n'})
    expect(await pool.home.run(['task', 'wait', id])).toMatchObject({code: 6})
  })

  test('say why they are pending', async () => {
    const start = async (...words: string[]) => (await pool.home.run(['task', 'run', '--detach', ...words])).stdout.trim()
    const reason = async (id: string) => (await json(pool.home, 'task', 'show', id)).pending_reason
    const running = [await start('--', 'sh', '-c', until(gate)), await start('--', 'sh', '-c', until(gate))]
    for (const id of running) await waitFor('a task to run', async () => (await json(pool.home, 'task', 'show', id)).status === 'running')
    const waiting = await start('--', 'true')
    expect(await reason(waiting)).toBe('all slots of w1 are in use')
    const hopeless = await start('--capability', 'gpu', '--', 'true')
    expect(await reason(hopeless)).toBe('no worker has the capability gpu')
    expect((await pool.home.run(['task', 'show', hopeless])).stdout).toMatch(/^pending because: no worker has the capability gpu$/m)
    const graph = join(pool.home.root, 'graph.yaml')
    writeFileSync(graph, `tasks:\n  a: {run: "true"}\n  b: {run: "true"}\n  c: {run: "true", needs: [a, b]}\n`)
    const {tasks} = await json(pool.home, 'task', 'apply', graph, '--detach')
    expect(await reason(tasks.find((task: {name: string}) => task.name === 'c').id)).toBe('it waits for 2 tasks that it needs')
    expect(await pool.home.run(['worker', 'remove', 'w1'])).toMatchObject({code: 2, stdout: ''})
    writeFileSync(gate, '')
    expect(await pool.home.run(['task', 'wait', ...running, waiting])).toMatchObject({code: 0})
    await pool.home.run(['task', 'cancel', hopeless])
    expect(await reason(hopeless)).toBeNull()
    expect(await pool.home.run(['task', 'run', '--capability', 'gpu', '--', 'true'])).toMatchObject({code: 69, stdout: ''})
  })

  test('say that no coordinator is there to run them', async () => {
    const id = (await pool.home.run(['task', 'run', '--detach', '--', 'sh', '-c', until(gate)])).stdout.trim()
    await waitFor('the task to run', async () => (await json(pool.home, 'task', 'show', id)).status === 'running')
    const {coordinators} = await json(pool.home, 'scheduler', 'status')
    for (const {pid} of coordinators) process.kill(pid, 'SIGKILL')
    const second = pool.home.spawn(['task', 'map', '--', 'sh', '-c', until(gate)])
    second.stdin.end('1\n2\n3\n')
    const queued = async () => (await json(pool.home, 'task', 'list', '--status', 'pending')).tasks
    await waitFor('tasks to queue up', async () => (await queued()).length === 2)
    const ended = finish(second)
    second.kill('SIGKILL')
    await ended
    const [task] = await queued()
    expect((await json(pool.home, 'task', 'show', task.id)).pending_reason).toMatch(/^no coordinator is running/)
    writeFileSync(gate, '')
    expect(await pool.home.run(['scheduler', 'start', '--drain'])).toMatchObject({code: 0})
    expect(await queued()).toEqual([])
  })

  test('of one map keep to --max-per-worker', async () => {
    // A second one at the same time would find the lock taken.
    const script = 'mkdir ~/lock || exit 1; sleep 0.1; rmdir ~/lock'
    const mapped = await pool.home.run(['task', 'map', '--max-per-worker', '1', '--', 'sh', '-c', script, '{}'], {input: '1\n2\n3\n4\n'})
    expect(mapped).toMatchObject({code: 0, stderr: ''})
  })
})
