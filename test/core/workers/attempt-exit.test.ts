import {randomUUID} from 'node:crypto'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import type {AttemptAgent} from '../../../src/core/workers/attempt-agent.js'
import type {AttemptReport} from '../../../src/core/workers/attempt-report.js'
import type {AttemptOrder} from '../../../src/core/workers/attempt-spec.js'
import {LocalTransport} from '../../../src/core/workers/local-transport.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {openAgent, runOrder, WORKER_AGENTS, workerEnvironment} from '../../fixtures/worker-shell.js'

for (const {name, missing, shell, kind} of WORKER_AGENTS) {
  describeUnless(missing, `a worker whose agent is ${name}`, () => {
    const env = workerEnvironment(shell)
    const transport = new LocalTransport()
    let agent: AttemptAgent
    beforeAll(async () => {
      agent = await openAgent(transport, env, kind)
    })
    afterAll(() => agent.close())
    const run = async (command: readonly string[], more: Partial<AttemptOrder> = {}): Promise<AttemptReport> => {
      const order = {storeId: 's', taskId: randomUUID(), attempt: 1, command, environment: {}, timeoutSeconds: 0, graceSeconds: 1, ...more}
      return runOrder(agent, transport, order, env)
    }

    test.each([0, 1, 7, 126, 127, 129, 137, 139, 143, 255])('tells exit code %i from every signal', async (code) => {
      expect(await run(['sh', '-c', `exit ${code}`])).toMatchObject({exitCode: code, signal: null, outOfMemory: false, timedOut: false})
    })

    test.each(['HUP', 'INT', 'ABRT', 'KILL', 'SEGV', 'PIPE', 'TERM', 'USR1'])('tells signal %s from the exit code that shells give it', async (signal) => {
      expect(await run(['sh', '-c', `ulimit -c 0; kill -${signal} $$`])).toMatchObject({exitCode: null, signal, outOfMemory: false, timedOut: false})
    })

    test('starts a command with no signal ignored', async () => {
      const {stdoutTail} = await run(['grep', '-E', 'SigIgn', '/proc/self/status'])
      expect(stdoutTail.toString()).toMatch(/^SigIgn:\t0{16}\n$/)
    })

    test('reports a program that does not exist, or cannot be run, with the exit codes of shells', async () => {
      expect(await run(['/no/such/program'])).toMatchObject({exitCode: 127, signal: null})
      expect(await run(['/etc/passwd'])).toMatchObject({exitCode: 126, signal: null})
      expect(await run(['true'], {cwd: '/no/such/folder'})).toMatchObject({exitCode: 126, signal: null})
    })

    test('reports the time limit whatever the command makes of it', async () => {
      for (const command of ['sleep 60', 'trap "exit 0" TERM; sleep 60 & wait', 'trap "" TERM; sleep 60; sleep 60'])
        expect(await run(['sh', '-c', command], {timeoutSeconds: 1})).toMatchObject({timedOut: true})
    })

    test('keeps both streams apart, whole and in their bytes', async () => {
      const report = await run(['sh', '-c', 'printf "a\\0b\\377"; printf "err\\n" >&2'])
      expect(report).toMatchObject({stdoutBytes: 4, stderrBytes: 4, stdoutTail: Buffer.from([97, 0, 98, 255]), stderrTail: Buffer.from('err\n')})
    })

    test('reports the length of a long output and the last 64 KiB of it', async () => {
      const report = await run(['seq', '-w', '100000'])
      expect(report.stdoutBytes).toBe(700_000)
      expect(report.stdoutTail.length).toBe(65_536)
      expect(report.stdoutTail.subarray(-7).toString()).toBe('100000\n')
    })
  })
}
