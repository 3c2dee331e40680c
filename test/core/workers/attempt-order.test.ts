import {randomUUID} from 'node:crypto'
import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {uptime} from 'node:os'
import {join} from 'node:path'
import {PassThrough, type Writable} from 'node:stream'
import {afterEach, expect, test} from '@jest/globals'
import type {AttemptAgent} from '../../../src/core/workers/attempt-agent.js'
import {collectAttempts, killAttempt, observeAttempts} from '../../../src/core/workers/attempt-protocol.js'
import type {AttemptOrder} from '../../../src/core/workers/attempt-spec.js'
import {LocalTransport} from '../../../src/core/workers/local-transport.js'
import type {Transport} from '../../../src/core/workers/transport.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {waitFor} from '../../fixtures/wait-for.js'
import {openAgent, runOrder, WORKER_AGENTS, workerEnvironment} from '../../fixtures/worker-shell.js'

/** A transport on which orders get to the agent as `pass` sends them on; what an agent is sent before is left alone. */
function between(pass: (order: Buffer, stdin: Writable) => void): Transport {
  const local = new LocalTransport()
  local.exec = async (...args) => {
    const process = await LocalTransport.prototype.exec.apply(local, args)
    const stdin = new PassThrough()
    stdin.on('data', (chunk: Buffer) => (chunk.includes('start ') && !chunk.includes('use strict') ? pass(chunk, process.stdin) : process.stdin.write(chunk)))
    stdin.on('end', () => process.stdin.end())
    return {...process, stdin}
  }
  return local
}

for (const {name, missing, shell, kind} of WORKER_AGENTS) {
  describeUnless(missing, `a worker whose agent is ${name}, told to start an attempt,`, () => {
    const agents: AttemptAgent[] = []
    const open = async (env: NodeJS.ProcessEnv, over: Transport = transport) => {
      const agent = await openAgent(over, env, kind)
      agents.push(agent)
      return agent
    }
    afterEach(() => {
      for (const agent of agents.splice(0)) agent.close()
    })
    const transport = new LocalTransport()
    const newOrder = (command: readonly string[]) => {
      const env = workerEnvironment(shell)
      const order: AttemptOrder = {storeId: 'store', taskId: randomUUID(), attempt: 1, command, environment: {}, timeoutSeconds: 0, graceSeconds: 1}
      return {env, order, folder: join(String(env.HELIX_ATTEMPTS_ROOT), 'store', order.taskId, '1')}
    }

    test('refuses when the order comes after the lease it was given under, however long the coordinator slept', async () => {
      const {env, order, folder} = newOrder(['touch', 'started'])
      const began = uptime()
      const slept = waitFor('three seconds of the worker', () => uptime() > began + 3)
      const late = between((sent, stdin) => void slept.then(() => stdin.write(sent)))
      expect(await (await open(env, late)).start(order, 2)).toEqual({state: 'refused', why: 'late'})
      expect(readdirSync(join(folder, 'work'))).toEqual([])
      expect(await observeAttempts(transport, [order], false, env)).toEqual(['absent'])
    })

    test('refuses under a lease that has ended already', async () => {
      const {env, order} = newOrder(['true'])
      expect(await (await open(env)).start(order, -5)).toEqual({state: 'refused', why: 'late'})
    })

    test('refuses once somebody who replaces it has made sure that it never starts', async () => {
      const {env, order, folder} = newOrder(['touch', 'started'])
      expect(await observeAttempts(transport, [order], true, env)).toEqual(['fenced'])
      expect(await (await open(env)).start(order, 30)).toEqual({state: 'refused', why: 'exists'})
      expect(existsSync(join(folder, 'work', 'started'))).toBe(false)
      expect(await observeAttempts(transport, [order], false, env)).toEqual(['fenced'])
    })

    test('does not start one whose order was cut off on its way', async () => {
      const {env, order, folder} = newOrder(['touch', 'started', 'x'.repeat(1000)])
      const cut = between((sent, stdin) => stdin.end(sent.subarray(0, -100)))
      await expect((await open(env, cut)).start(order, 30)).rejects.toMatchObject({kind: 'unavailable'})
      expect(existsSync(join(folder, 'owner'))).toBe(false)
      expect(await observeAttempts(transport, [order], false, env)).toEqual(['absent'])
    })

    test('leaves when it is told to, while the attempt goes on to its end', async () => {
      const {env, order, folder} = newOrder(['sh', '-c', 'echo started > started; until [ -e ../go ]; do sleep 0.05; done; echo done; exit 3'])
      const agent = await open(env)
      const outcome = agent.start(order, 30)
      await waitFor('the start', () => existsSync(join(folder, 'work', 'started')))
      agent.close()
      expect(await outcome).toEqual({state: 'released'})
      expect(await observeAttempts(transport, [order], true, env)).toEqual(['running'])
      writeFileSync(join(folder, 'go'), '')
      await waitFor('the end', async () => (await observeAttempts(transport, [order], true, env))[0] === 'ended')
      expect(await collectAttempts(transport, [order], env)).toMatchObject([{exitCode: 3, stdoutTail: Buffer.from('done\n')}])
    })

    test('starts it once when it is told twice', async () => {
      const {env, order, folder} = newOrder(['sh', '-c', 'echo started >> started; until [ -e ../go ]; do sleep 0.05; done'])
      const first = (await open(env)).start(order, 30)
      await waitFor('the start', () => existsSync(join(folder, 'work', 'started')))
      expect(await (await open(env)).start(order, 30)).toEqual({state: 'refused', why: 'exists'})
      writeFileSync(join(folder, 'go'), '')
      expect(await first).toMatchObject({state: 'ended', report: {exitCode: 0}})
      expect(readFileSync(join(folder, 'work', 'started'), 'utf8')).toBe('started\n')
    })

    test('starts only one of two that come at the same moment', async () => {
      const {env, order} = newOrder(['true'])
      const both = await Promise.all([open(env), open(env)])
      const outcomes = await Promise.all(both.map((one) => one.start(order, 30)))
      expect(outcomes.filter(({state}) => state === 'ended').length).toBe(1)
    })

    test('tells how it is at any time: absent, running, ended, killed, rebooted', async () => {
      const {env, order, folder} = newOrder(['sh', '-c', 'until [ -e ../go ]; do sleep 0.05; done'])
      const state = async () => (await observeAttempts(transport, [order], false, env))[0]
      expect(await state()).toBe('absent')
      const outcome = (await open(env)).start(order, 30)
      outcome.catch(() => {})
      await waitFor('running', async () => (await state()) === 'running')
      const owner = readFileSync(join(folder, 'owner'), 'utf8')
      writeFileSync(join(folder, 'owner'), owner.replace(/\S+\n$/, 'another-boot\n'))
      expect(await state()).toBe('rebooted')
      writeFileSync(join(folder, 'owner'), owner)
      process.kill(Number(owner.split(' ')[1]), 'SIGKILL')
      await waitFor('killed', async () => (await state()) === 'killed')
      expect(await killAttempt(transport, order, 1, env)).toBe(true)
      writeFileSync(join(folder, 'result'), '1 0 0 0 0\n')
      expect(await state()).toBe('ended')
    })

    test('keeps its folders and files to its own user', async () => {
      const {env, order, folder} = newOrder(['sh', '-c', 'echo out; echo err >&2; umask'])
      expect(await runOrder(await open(env), transport, order, env)).toMatchObject({
        stdoutTail: Buffer.from(`out\n${process.umask().toString(8).padStart(4, '0')}\n`),
      })
      for (const file of readdirSync(folder))
        expect([file, (statSync(join(folder, file)).mode & 0o777).toString(8)]).toEqual([file, file === 'work' ? '700' : '600'])
      for (let parent = folder; parent !== env.HELIX_ATTEMPTS_ROOT; parent = join(parent, '..')) expect((statSync(parent).mode & 0o777).toString(8)).toBe('700')
    })
  })
}
