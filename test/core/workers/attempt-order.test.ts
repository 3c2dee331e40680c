import {randomUUID} from 'node:crypto'
import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {uptime} from 'node:os'
import {join} from 'node:path'
import {PassThrough} from 'node:stream'
import {expect, test} from '@jest/globals'
import {type AttemptOrder, collectAttempt, killAttempt, observeAttempts, startAttempt} from '../../../src/core/workers/attempt-protocol.js'
import {LocalTransport} from '../../../src/core/workers/local-transport.js'
import type {Transport} from '../../../src/core/workers/transport.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {waitFor} from '../../fixtures/wait-for.js'
import {WORKER_SHELLS, workerEnvironment} from '../../fixtures/worker-shell.js'

/** A transport whose processes get their standard input only when `gate` opens, as that of a coordinator that was stopped. */
function gated(gate: Promise<unknown>): Transport {
  const local = new LocalTransport()
  local.exec = async (...args) => {
    const process = await LocalTransport.prototype.exec.apply(local, args)
    const stdin = new PassThrough()
    void gate.then(() => stdin.pipe(process.stdin))
    return {...process, stdin}
  }
  return local
}

for (const {name, path} of WORKER_SHELLS) {
  describeUnless(path === undefined ? `there is no ${name} here` : undefined, `a worker whose sh is ${name}, told to start an attempt,`, () => {
    const transport = new LocalTransport()
    const newOrder = (command: readonly string[]) => {
      const env = workerEnvironment(path ?? '')
      const order: AttemptOrder = {storeId: 'store', taskId: randomUUID(), attempt: 1, command, environment: {}, timeoutSeconds: 0, graceSeconds: 1}
      return {env, order, folder: join(String(env.HELIX_ATTEMPTS_ROOT), 'store', order.taskId, '1')}
    }

    test('refuses when the order comes after the lease it was given under, however long the coordinator slept', async () => {
      const {env, order, folder} = newOrder(['touch', 'started'])
      const began = uptime()
      const slept = waitFor('three seconds of the worker', () => uptime() > began + 3)
      const {outcome} = await startAttempt(gated(slept), order, () => 2, env)
      expect(await outcome).toEqual({state: 'refused', why: 'late'})
      expect(readdirSync(join(folder, 'work'))).toEqual([])
      expect(await observeAttempts(transport, [order], false, env)).toEqual(['absent'])
    })

    test('refuses under a lease that has ended already', async () => {
      const {env, order} = newOrder(['true'])
      expect(await (await startAttempt(transport, order, () => -5, env)).outcome).toEqual({state: 'refused', why: 'late'})
    })

    test('refuses once somebody who replaces it has made sure that it never starts', async () => {
      const {env, order, folder} = newOrder(['touch', 'started'])
      expect(await observeAttempts(transport, [order], true, env)).toEqual(['fenced'])
      expect(await (await startAttempt(transport, order, () => 30, env)).outcome).toEqual({state: 'refused', why: 'exists'})
      expect(existsSync(join(folder, 'work', 'started'))).toBe(false)
      expect(await observeAttempts(transport, [order], false, env)).toEqual(['fenced'])
    })

    test('does not start one whose order was cut off on its way', async () => {
      const {env, order, folder} = newOrder(['touch', 'started', 'x'.repeat(1000)])
      const cut = new LocalTransport()
      cut.exec = async (...args) => {
        const process = await LocalTransport.prototype.exec.apply(cut, args)
        const stdin = new PassThrough()
        stdin.once('data', (chunk: Buffer) => process.stdin.end(chunk.subarray(0, -100)))
        return {...process, stdin}
      }
      expect(await (await startAttempt(cut, order, () => 30, env)).outcome).toEqual({state: 'released'})
      expect(readdirSync(join(folder, 'work'))).toEqual([])
      expect(await observeAttempts(transport, [order], false, env)).toEqual(['absent'])
    })

    test('leaves when it is told to, while the attempt goes on to its end', async () => {
      const {env, order, folder} = newOrder(['sh', '-c', 'echo started > started; until [ -e ../go ]; do sleep 0.05; done; echo done; exit 3'])
      const started = await startAttempt(transport, order, () => 30, env)
      await waitFor('the start', () => existsSync(join(folder, 'work', 'started')))
      started.release()
      expect(await started.outcome).toEqual({state: 'released'})
      expect(await observeAttempts(transport, [order], true, env)).toEqual(['running'])
      writeFileSync(join(folder, 'go'), '')
      await waitFor('the end', async () => (await observeAttempts(transport, [order], true, env))[0] === 'ended')
      expect(await collectAttempt(transport, order, env)).toMatchObject({exitCode: 3, stdoutTail: Buffer.from('done\n')})
    })

    test('starts it once when it is told twice', async () => {
      const {env, order, folder} = newOrder(['sh', '-c', 'echo started >> started; until [ -e ../go ]; do sleep 0.05; done'])
      const first = await startAttempt(transport, order, () => 30, env)
      await waitFor('the start', () => existsSync(join(folder, 'work', 'started')))
      expect(await (await startAttempt(transport, order, () => 30, env)).outcome).toEqual({state: 'refused', why: 'exists'})
      writeFileSync(join(folder, 'go'), '')
      expect(await first.outcome).toMatchObject({state: 'ended', report: {exitCode: 0}})
      expect(readFileSync(join(folder, 'work', 'started'), 'utf8')).toBe('started\n')
    })

    test('starts only one of two that come at the same moment', async () => {
      const {env, order} = newOrder(['true'])
      const both = await Promise.all([startAttempt(transport, order, () => 30, env), startAttempt(transport, order, () => 30, env)])
      const outcomes = await Promise.all(both.map((one) => one.outcome))
      expect(outcomes.filter(({state}) => state === 'ended').length).toBe(1)
    })

    test('tells how it is at any time: absent, running, ended, killed, rebooted', async () => {
      const {env, order, folder} = newOrder(['sh', '-c', 'until [ -e ../go ]; do sleep 0.05; done'])
      const state = async () => (await observeAttempts(transport, [order], false, env))[0]
      expect(await state()).toBe('absent')
      const started = await startAttempt(transport, order, () => 30, env)
      await waitFor('running', async () => (await state()) === 'running')
      const owner = readFileSync(join(folder, 'owner'), 'utf8')
      writeFileSync(join(folder, 'owner'), owner.replace(/\S+\n$/, 'another-boot\n'))
      expect(await state()).toBe('rebooted')
      writeFileSync(join(folder, 'owner'), owner)
      process.kill(Number(owner.split(' ')[1]), 'SIGKILL')
      await waitFor('killed', async () => (await state()) === 'killed')
      expect(await started.outcome).toEqual({state: 'refused', why: 'lost'})
      expect(await killAttempt(transport, order, 1, env)).toBe(true)
      writeFileSync(join(folder, 'result'), '1 0 0 0 0\n')
      expect(await state()).toBe('ended')
    })

    test('keeps its folders and files to its own user', async () => {
      const {env, order, folder} = newOrder(['sh', '-c', 'echo out; echo err >&2; umask'])
      const {outcome} = await startAttempt(transport, order, () => 30, env)
      expect(await outcome).toMatchObject({report: {stdoutTail: Buffer.from(`out\n${process.umask().toString(8).padStart(4, '0')}\n`)}})
      for (const file of readdirSync(folder))
        expect([file, (statSync(join(folder, file)).mode & 0o777).toString(8)]).toEqual([file, file === 'work' ? '700' : '600'])
      for (let parent = folder; parent !== env.HELIX_ATTEMPTS_ROOT; parent = join(parent, '..')) expect((statSync(parent).mode & 0o777).toString(8)).toBe('700')
    })
  })
}
