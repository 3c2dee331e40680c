import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {KEY, ModelUser} from '../fixtures/model-user.js'
import {holds, refuses, says} from '../fixtures/openai-server.js'
import {waitFor} from '../fixtures/wait-for.js'

/** The command lines of all processes, as everybody on the machine can read them. */
function processList(): string {
  const lines = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
  return lines.join('\n')
}

/** The files below a folder that have the text in them. */
function filesWith(folder: string, text: string): string[] {
  const files = readdirSync(folder, {recursive: true, withFileTypes: true}).filter((entry) => entry.isFile())
  return files.map(({parentPath, name}) => join(parentPath, name)).filter((file) => readFileSync(file).includes(text))
}

describe('an API key', () => {
  let user: ModelUser

  beforeAll(async () => {
    user = await ModelUser.start({retries: 1}, {})
    user.server.accept(KEY)
    expect(await user.home.run(['provider', 'login', 'openai'], {input: KEY})).toMatchObject({code: 0})
  })

  afterAll(() => user.server.stop())

  test('is sent to the provider and stands in no process list', async () => {
    const rest = Promise.withResolvers<string>()
    user.server.serve('slow', holds('Once', rest.promise))
    const {result, printed} = user.startChat('slow')
    await waitFor('the first word', () => printed() === 'Once')
    const list = processList()
    rest.resolve('.')
    expect(await result).toMatchObject({code: 0})
    expect(user.server.asked('slow')[0]?.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(list).toContain('openai/slow')
    expect(list).not.toContain(KEY)
  })

  test.each<[args: string[], env: NodeJS.ProcessEnv]>([
    [['chat', '-m', 'openai/m', '-p', 'hello', '--json'], {}],
    [['chat', '-m', 'openai/m', '-p', 'hello'], {DEBUG: '1'}],
    [['chat', '-m', 'openai/m', '-p', 'hello'], {DEBUG: '*', OPENAI_LOG: 'debug', HELIX_GLOBAL__LOG_LEVEL: 'debug', NODE_DEBUG: 'undici,fetch'}],
    [['chat', '-m', 'openai/careless', '-p', 'hello', '--output', 'stream-json'], {DEBUG: '1'}],
    [['chat', '-m', 'openai/careless', '-p', 'hello', '--json'], {HELIX_GLOBAL__LOG_LEVEL: 'debug'}],
    [['provider', 'list', '--json'], {}],
    [['provider', 'show', 'openai', '--json'], {}],
    [['provider', 'test', 'openai', '-m', 'm', '--json'], {DEBUG: '1'}],
    [['config', 'list', '--json'], {}],
  ])('is in no output: %j with %j', async (args, env) => {
    user.server.serve('m', says('Hello'))
    user.server.serve('careless', refuses(500, `no route for Authorization: Bearer ${KEY}`))
    const [login, variable] = await Promise.all([user.home.run(args, {env}), user.home.run(args, {env: {...env, OPENAI_API_KEY: `${KEY}-2`}})])
    for (const {stdout, stderr} of [login, variable]) expect(stdout + stderr).not.toContain(KEY)
    expect(login.stdout + login.stderr).not.toBe('')
  })

  test('is in no output and no error of a task that asks', async () => {
    const ask = (model: string) => ({type: 'llm', model: `openai/${model}`, prompt: 'hello'})
    user.write('graph.json', {tasks: {good: ask('m'), bad: ask('careless')}})
    const env = {HELIX_GLOBAL__LOG_LEVEL: 'debug', DEBUG: '1'}
    const applied = await user.home.run(['task', 'apply', 'graph.json', '--detach', '--json'], {env})
    const ids = JSON.parse(applied.stdout).tasks.map(({id}: {id: string}) => id)
    const ended = await user.home.run(['task', 'wait', ...ids, '--json'], {env})
    expect(JSON.parse(ended.stdout).tasks).toMatchObject([{status: 'completed'}, {status: 'failed', error: expect.stringContaining('redacted')}])
    const logs = await Promise.all(ids.map((id: string) => user.home.run(['task', 'logs', id])))
    for (const {stdout, stderr} of [applied, ended, ...logs]) expect(stdout + stderr).not.toContain(KEY)
  })

  test('is in the clear in none of the files that Helix has written', () => {
    expect(filesWith(user.home.root, 'redacted').length).toBeGreaterThan(0)
    expect(filesWith(user.home.root, KEY)).toEqual([])
    expect(filesWith(user.home.root, Buffer.from(KEY).toString('base64').replaceAll('=', ''))).toEqual([])
  })
})
