import type {ChildProcessWithoutNullStreams} from 'node:child_process'
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals'
import Database from 'better-sqlite3'
import {finish, type HelixResult} from '../fixtures/helix.js'
import {KEY, ModelUser} from '../fixtures/model-user.js'
import {holds, stallsAfter} from '../fixtures/openai-server.js'
import {isRunning} from '../fixtures/process-alive.js'
import {waitFor} from '../fixtures/wait-for.js'

const PROMPT = 'a secret about zebras'

/** The command lines of all processes, by PID. */
function processList(): Map<number, string> {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  return new Map(
    pids.map((pid) => {
      try {
        return [Number(pid), readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')]
      } catch {
        return [Number(pid), '']
      }
    }),
  )
}

/** The process that asks the model for a task. */
function askerOf(id: string): number | undefined {
  return [...processList()].find(([, line]) => line.includes(`bin/run.js task answer ${id}`))?.[0]
}

describe('a task of type llm while its model answers', () => {
  let user: ModelUser
  const children: ChildProcessWithoutNullStreams[] = []

  beforeEach(async () => {
    user = await ModelUser.start({}, {})
    await user.home.run(['provider', 'login', 'openai'], {input: KEY})
  })

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    await user.server.stop()
  })

  function start(...args: string[]): {child: ChildProcessWithoutNullStreams; result: Promise<HelixResult>} {
    const child = user.home.spawn(args)
    children.push(child)
    return {child, result: finish(child)}
  }

  /** Reads one row of the store from outside. */
  function row(sql: string, ...values: unknown[]): Record<string, unknown> | undefined {
    const database = new Database(join(user.home.dataDir, 'helix.db'), {readonly: true})
    try {
      return database.prepare(sql).get(...values) as Record<string, unknown> | undefined
    } finally {
      database.close()
    }
  }

  /** Starts a graph of one task that asks, and waits until the first words are on their way. */
  async function startAsking(more: object = {}): Promise<{id: string; asker: number; child: ChildProcessWithoutNullStreams; result: Promise<HelixResult>}> {
    user.write('ask.json', {tasks: {ask: {type: 'llm', model: 'openai/slow', prompt: PROMPT, retries: 2, ...more}}})
    const started = start('task', 'apply', 'ask.json')
    await waitFor('the request', () => user.server.asked('slow').length === 1)
    const id = String(row('SELECT id FROM tasks')?.id)
    return {...started, id, asker: await waitFor('the process that asks', () => askerOf(id))}
  }

  const show = async (id: string) => JSON.parse((await user.home.run(['task', 'show', id, '--json'])).stdout)

  test('has neither its prompt nor its key in any process list', async () => {
    const rest = Promise.withResolvers<string>()
    user.server.serve('slow', holds('Zebras', rest.promise))
    const {result} = await startAsking()
    const list = [...processList().values()].join('\n')
    rest.resolve(' are striped.')
    expect(await result).toMatchObject({code: 0})
    expect(user.server.asked('slow')[0]?.headers.authorization).toBe(`Bearer ${KEY}`)
    for (const secret of [PROMPT, 'zebras', KEY]) expect(list).not.toContain(secret)
  })

  test.each([
    ['before the next one is there', false],
    ['while the next one looks on', true],
  ])('survives kill -9 of its coordinator: the answer, that is complete %s, is taken whole, after one attempt and one request', async (_, waits) => {
    const rest = Promise.withResolvers<string>()
    user.server.serve('slow', holds('Once', rest.promise))
    const {id, child, result, asker} = await startAsking()
    child.kill('SIGKILL')
    await result
    const coordinator = row('SELECT coordinator_id FROM tasks')?.coordinator_id
    if (!waits) {
      rest.resolve(' upon a time.')
      await waitFor('the answer to be complete', () => !isRunning(asker))
    }
    const next = start('scheduler', 'start', '--drain')
    if (waits) {
      await waitFor('the task to be adopted', () => ![coordinator, null].includes(row('SELECT coordinator_id FROM tasks')?.coordinator_id as string | null))
      rest.resolve(' upon a time.')
    }
    expect(await next.result).toMatchObject({code: 0})
    expect(await show(id)).toMatchObject({status: 'completed', attempt: 1, exit_code: 0, stdout: 'Once upon a time.\n', stderr: ''})
    expect(user.server.asked('slow')).toHaveLength(1)
    expect(user.sessions('slow')).toMatchObject([{client: 'task', messages: [{role: 'user'}, {finish_reason: 'stop'}]}])
  })

  test('is asked again when the process that asks was killed, as often as it says', async () => {
    const rest = Promise.withResolvers<string>()
    user.server.serve('slow', stallsAfter('Lost'), holds('Found', rest.promise))
    const {id, asker, result} = await startAsking()
    process.kill(asker, 'SIGKILL')
    rest.resolve('.')
    expect(await result).toMatchObject({code: 0})
    expect(await show(id)).toMatchObject({status: 'completed', attempt: 2, stdout: 'Found.\n'})
    expect(user.server.asked('slow')).toHaveLength(2)
  })

  test('ends with task cancel: its process and its connection are gone, and what came is kept', async () => {
    user.server.serve('slow', stallsAfter('Endless'))
    const {id, asker, result} = await startAsking()
    await waitFor('the session', () => user.sessions('slow').length === 1)
    const cancelled = await user.home.run(['task', 'cancel', id, '--json'])
    expect(JSON.parse(cancelled.stdout).tasks).toMatchObject([{id, status: 'cancelled'}])
    expect(isRunning(asker)).toBe(false)
    await waitFor('the connection to be closed', () => user.server.asked('slow')[0]?.abandoned)
    expect((await result).code).toBe(1)
    expect(user.server.asked('slow')).toHaveLength(1)
    expect(user.sessions('slow')[0]?.messages.at(-1)).toMatchObject({content: [{type: 'text', text: 'Endless'}], finish_reason: 'error'})
    expect(await show(id)).toMatchObject({status: 'cancelled', attempt: 1, stdout: 'Endless\n'})
  })

  test('ends when its time is up, with its connection', async () => {
    user.server.serve('slow', stallsAfter('Endless'))
    const {id, asker, result} = await startAsking({timeout: '1s', retries: 0})
    expect((await result).code).not.toBe(0)
    expect(await show(id)).toMatchObject({status: 'failed', failure_kind: 'timeout', attempt: 1, error: expect.stringContaining('1 s')})
    expect(isRunning(asker)).toBe(false)
    await waitFor('the connection to be closed', () => user.server.asked('slow')[0]?.abandoned)
  })
})
