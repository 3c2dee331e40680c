import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {AGENT_WORKERS, startAgentPool} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import type {WorkerPool} from '../fixtures/worker-pool.js'

const WORKERS = ['local', ...AGENT_WORKERS]

describeUnless(sshdAvailable(), 'how a command ended', () => {
  let pool: WorkerPool

  beforeAll(async () => {
    pool = await startAgentPool()
  })

  afterAll(() => pool.close())

  const completed = {status: 'completed', failure_kind: null, error: null, exit_code: 0, signal: null}
  const exited = (code: number) => ({status: 'failed', failure_kind: 'exit', error: expect.stringContaining('code'), exit_code: code, signal: null})
  const signalled = (signal: string) => ({status: 'failed', failure_kind: 'signal', error: expect.stringContaining('signal'), exit_code: null, signal})
  const cases: [script: string, code: number, json: object][] = [
    ['exit 0', 0, completed],
    ['exit 1', 1, exited(1)],
    ['exit 137', 137, exited(137)],
    ['exit 255', 255, exited(255)],
    ['kill -KILL $$', 137, signalled('KILL')],
    ['kill -TERM $$', 143, signalled('TERM')],
    ['ulimit -c 0; kill -SEGV $$', 139, signalled('SEGV')],
    ['kill -INT $$', 130, signalled('INT')],
    ['kill -PIPE $$', 141, signalled('PIPE')],
  ]

  test.each(WORKERS)('is told apart in JSON and in the exit code of task run, on %s', async (worker) => {
    const results = await Promise.all(cases.map(([script]) => pool.home.run(['task', 'run', '--json', '--worker', worker, '--', 'sh', '-c', script])))
    expect(results.map(({code, stdout}) => [code, JSON.parse(stdout)])).toMatchObject(cases.map(([, code, json]) => [code, {...json, attempt: 1, stderr: ''}]))
  })

  test.each(WORKERS)('passes through task wait and worker exec too, on %s', async (worker) => {
    for (const [script, code] of [
      ['exit 0', 0],
      ['exit 7', 7],
      ['exit 255', 255],
      ['kill -TERM $$', 143],
    ] as const) {
      expect(await pool.home.run(['worker', 'exec', worker, '--', 'sh', '-c', script])).toMatchObject({code, stdout: ''})
      const detached = await pool.home.run(['task', 'run', '--detach', '--worker', worker, '--', 'sh', '-c', script])
      expect(await pool.home.run(['task', 'wait', detached.stdout.trim()])).toMatchObject({code})
    }
  })

  test.each(WORKERS)('says which program is missing, and the task is not tried again, on %s', async (worker) => {
    const run = await pool.home.run(['task', 'run', '--json', '--worker', worker, '--retries', '3', '--retry-on', 'host,transport', '--', 'no-such-program'])
    expect(run.code).toBe(127)
    expect(JSON.parse(run.stdout)).toMatchObject({...exited(127), attempt: 1, stderr: expect.stringContaining('no-such-program')})
  })
})
