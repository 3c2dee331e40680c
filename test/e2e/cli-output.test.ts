import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {parse} from 'yaml'
import {describeUnless} from '../fixtures/describe-unless.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {addWords, startPool, type WorkerPool} from '../fixtures/worker-pool.js'

describeUnless(sshdAvailable(), 'what commands print for programs', () => {
  let pool: WorkerPool
  let id: string

  beforeAll(async () => {
    pool = await startPool({slots: 2})
    writeFileSync(join(pool.home.root, 'graph.yaml'), 'tasks:\n  a: {run: echo a}\n  b: {run: echo b, needs: [a]}\n')
    await pool.home.run(['task', 'run', '--name', 'first', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'])
    id = JSON.parse((await pool.home.run(['task', 'list', '--json'])).stdout).tasks[0].id
  })

  afterAll(() => pool.close())

  const commands = (): [args: string[], code: number, input?: string][] => [
    [['task', 'list'], 0],
    [['task', 'show', id], 0],
    [['task', 'logs', id], 0],
    [['task', 'wait', id], 3],
    [['task', 'cancel', id], 0],
    [['task', 'prune', '--dry-run'], 0],
    [['task', 'run', '--', 'true'], 0],
    [['task', 'map', '--', 'echo'], 0, 'a\n'],
    [['task', 'apply', 'graph.yaml'], 0],
    [['worker', 'list'], 0],
    [['worker', 'show', 'w1'], 0],
    [['worker', 'set', 'w1', '--slots', '3'], 0],
    [['worker', 'test', 'w1'], 0],
    [['worker', 'trust-key', 'w1'], 0],
    [['scheduler', 'status'], 0],
    [['scheduler', 'stop'], 0],
    [['scheduler', 'start', '--drain'], 0],
    [['db', 'status'], 0],
    [['db', 'migrate'], 0],
    [['config', 'list'], 0],
    [['config', 'path'], 0],
    [['task', 'show', 'zzzz'], 2],
    [['task', 'run', '--worker', 'nobody', '--', 'true'], 2],
    [['task', 'run', '--capability', 'gpu', '--', 'true'], 69],
    [['worker', 'add', 'w2', 'me@127.0.0.1:1', '--accept-new'], 69],
    [addWords('w1', pool.server), 2],
  ]

  test('is one JSON document on stdout with --json, errors with their exit code too, and YAML with --output', async () => {
    const anError = {code: expect.stringMatching(/^[A-Z_]+$/), kind: expect.any(String), message: expect.any(String)}
    for (const [index, [args, code, input = '']] of commands().entries()) {
      const yaml = index % 5 === 0
      const at = args.includes('--') ? args.indexOf('--') : args.length
      const result = await pool.home.run(args.toSpliced(at, 0, yaml ? '--output=yaml' : '--json'), {input})
      expect([args, result.code, result.stderr.replaceAll(/^[✓✗] .*\n/gm, '')]).toEqual([args, code, ''])
      const value = yaml ? parse(result.stdout) : JSON.parse(result.stdout)
      expect(typeof value).toBe('object')
      if ('error' in value && !('status' in value)) expect(value.error).toMatchObject({...anError, exit_code: code})
    }
  })

  test('of a task has the documented fields', async () => {
    const {stdout} = await pool.home.run(['task', 'run', '--json', '--name', 'mine', '--worker', 'w1', '--', 'echo', 'out'])
    const task = JSON.parse(stdout)
    expect(task).toMatchObject({
      ...{
        schema_version: 1,
        name: 'mine',
        type: 'shell',
        status: 'completed',
        failure_kind: null,
        worker: 'w1',
        attempt: 1,
        exit_code: 0,
        signal: null,
        error: null,
      },
      ...{command: ['echo', 'out'], stdout: 'out\n', stderr: '', stdout_truncated: false, stderr_truncated: false},
    })
    for (const time of [task.created_at, task.started_at, task.completed_at]) expect(new Date(time).toISOString()).toBe(time)
    expect(Date.parse(task.started_at)).toBeLessThanOrEqual(Date.parse(task.completed_at))
  })

  test('is JSON by the setting too, and text again with --output text', async () => {
    const env = {HELIX_CLIENTS__CLI__OUTPUT_FORMAT: 'json'}
    expect(JSON.parse((await pool.home.run(['worker', 'list'], {env})).stdout)).toMatchObject({workers: [{name: 'w1'}, {name: 'local'}]})
    expect((await pool.home.run(['worker', 'list', '--output', 'text'], {env})).stdout).toMatch(/^NAME /)
  })

  test('of a worker tells what it can do and how it is reached, never a secret', async () => {
    const set = await pool.home.run(['worker', 'set', 'w1', '--slots', '5', '--capability', 'gpu', '--capability', 'big', '--label', 'zone=eu', '--json'])
    expect(JSON.parse(set.stdout)).toMatchObject({
      ...{name: 'w1', status: 'active', origin: 'command', host: '127.0.0.1', port: pool.server.port, username: pool.server.username},
      ...{host_key: pool.server.hostKeyFingerprint, slots: 5, capabilities: ['gpu', 'big'], labels: {zone: 'eu'}},
    })
    expect(await pool.home.run(['task', 'run', '--capability', 'gpu', '--label', 'zone=eu', '--', 'true'])).toMatchObject({code: 0})
    const env = {SSH_SECRET: 'zebra-secret'}
    const words = ['worker', 'add', 'secret', `${pool.server.username}@127.0.0.1:${pool.server.port}`, '--accept-new', '--password', 'env:SSH_SECRET', '--json']
    expect((await pool.home.run(words, {env})).stdout).not.toContain('zebra-secret')
    expect((await pool.home.run(['worker', 'test', 'w1'])).stdout).toMatch(
      /^✓ connect: .*\n✓ check installation: .*\n✓ run a supervised command: .*\n✓ read a file: .*\n✓ discover: .*\n✓ register: .*\n$/,
    )
  })

  test('of worker exec is the output of the command, whose input it passes on', async () => {
    expect(await pool.home.run(['worker', 'exec', 'w1', '--', 'tr', 'a-z', 'A-Z'], {input: 'héllo\n'})).toMatchObject({code: 0, stdout: 'HéLLO\n', stderr: ''})
    expect(await pool.home.run(['worker', 'exec', 'local', '--', 'sh', '-c', 'echo err >&2; exit 4'])).toMatchObject({code: 4, stdout: '', stderr: 'err\n'})
  })

  test('of worker exec with --json is one object with the end of what the command printed', async () => {
    const run = await pool.home.run(['worker', 'exec', 'w1', '--json', '--', 'sh', '-c', 'seq 20000; echo err >&2; exit 4'])
    expect(run).toMatchObject({code: 4, stderr: ''})
    const result = JSON.parse(run.stdout)
    expect(result).toMatchObject({worker: 'w1', exit_code: 4, stderr: 'err\n', stdout_truncated: true, stderr_truncated: false})
    expect(result.stdout).toHaveLength(64 * 1024)
    expect(result.stdout).toMatch(/\n19999\n20000\n$/)
  })

  test('of worker set names what cannot be right, and a key is found from every folder', async () => {
    const set = (...words: string[]) => pool.home.run(['worker', 'set', 'w1', ...words], {cwd: pool.server.folder})
    expect(await set()).toMatchObject({code: 2, stdout: '', stderr: expect.stringContaining('nothing to change')})
    expect(await set('--key', 'no-key')).toMatchObject({code: 78, stderr: expect.stringContaining('no key file')})
    expect(await set('--key', 'known_hosts')).toMatchObject({code: 78, stderr: expect.stringContaining('not a private key')})
    expect(await set('--key', 'id_ed25519')).toMatchObject({code: 0})
    expect(await pool.home.run(['worker', 'exec', 'w1', '--', 'echo', 'in'])).toMatchObject({code: 0, stdout: 'in\n'})
  })

  test('tells when a worker is gone', async () => {
    expect(JSON.parse((await pool.home.run(['worker', 'remove', 'w1', '--json'])).stdout)).toEqual({removed: 'w1'})
    expect(await pool.home.run(['worker', 'show', 'w1'])).toMatchObject({code: 2, stdout: ''})
    expect(JSON.parse((await pool.home.run(['task', 'show', id, '--json'])).stdout)).toMatchObject({worker: 'w1', exit_code: 3})
    expect(await pool.home.run(addWords('w1', pool.server))).toMatchObject({code: 0, stdout: expect.stringMatching(/^Added w1 /)})
  })
})
