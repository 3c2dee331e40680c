import {mkdirSync, writeFileSync} from 'node:fs'
import type {AddressInfo} from 'node:net'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import type {HelixResult} from '../fixtures/helix.js'
import {KEY, ModelUser} from '../fixtures/model-user.js'
import {OpenAIServer, refuses, says, sendsPage} from '../fixtures/openai-server.js'

/** One line and perhaps a hint on stderr, nothing on stdout, no key in either, nothing stored. */
function expectRefusal(user: ModelUser, {code, stdout, stderr}: HelixResult, exit: number, message: RegExp): void {
  // What was said of earlier attempts comes before.
  const error = stderr.replaceAll(/^helix: [^\n]+; trying again in \d+ s\n/gm, '')
  expect([code, stdout]).toEqual([exit, ''])
  expect(error).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
  expect(error).toMatch(message)
  expect(stderr).not.toContain(KEY)
  expect(user.sessions()).toEqual([])
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('a question that cannot be answered', () => {
  let user: ModelUser

  beforeAll(async () => {
    user = await ModelUser.start({retries: 1})
    user.server.serve('page', sendsPage(200))
    user.server.serve('page 404', sendsPage(404))
    user.server.serve('busy', refuses(429, 'slow down'))
    user.server.serve('very busy', refuses(429, 'come back tomorrow', {'retry-after': '86400'}))
    user.server.serve('broken', refuses(500, 'oops'))
    user.server.serve('overloaded', refuses(503, 'overloaded'))
    user.server.serve('too long', refuses(400, 'This model has a maximum context length of 10 tokens', {}, 'context_length_exceeded'))
    user.server.serve('refusing', refuses(400, 'temperature is not supported'))
    user.server.serve('broke', refuses(429, 'You exceeded your current quota', {}, 'insufficient_quota'))
  })

  afterAll(() => user.server.stop())

  test.each<[model: string, exit: number, requests: number, says: RegExp]>([
    ['nothing', 2, 1, /openai has no model nothing: .*\n.*helix provider models openai/],
    ['page', 78, 1, /what answers at http:\S+ is no OpenAI-compatible API\n.*helix .*openai/],
    ['page 404', 78, 1, /no such API at http:\S+ \(404\)\n.*helix .*openai/],
    ['busy', 75, 2, /openai limits the rate of requests: slow down/],
    ['very busy', 75, 1, /come back tomorrow.*86400 s/],
    ['broken', 69, 2, /openai answered with an error of its own \(500\): oops/],
    ['overloaded', 75, 2, /\(503\): overloaded/],
    ['too long', 2, 1, /the request is too long for too long/],
    ['refusing', 2, 1, /openai refused the request \(400\): temperature is not supported/],
    ['broke', 77, 1, /the account has no credit left/],
  ])('by %j ends with exit code %d after %d requests', async (model, exit, requests, message) => {
    const [text, json] = await Promise.all([user.chat(model), user.chat(model, ['--json'])])
    expectRefusal(user, text, exit, message)
    expect(json.code).toBe(exit)
    expect(JSON.parse(json.stdout).error).toMatchObject({code: expect.stringMatching(/^[A-Z_]+$/), message: expect.any(String), exit_code: exit})
    expect(user.server.asked(model)).toHaveLength(2 * requests)
  })

  test.each<[model: string, exit: number, says: RegExp]>([
    ['gpt-5', 2, /a model is written as provider\/model, and "gpt-5" is not/],
    ['/gpt-5', 2, /provider\/model/],
    ['openai/', 2, /provider\/model/],
    ['', 2, /provider\/model/],
    ['opnai/gpt-5', 2, /there is no provider opnai\nDid you mean openai\?/],
    ['zzzzzz/gpt-5', 2, /there is no provider zzzzzz\n.*helix provider list/],
    ['__proto__/gpt-5', 2, /there is no provider __proto__/],
    ['constructor/gpt-5', 2, /there is no provider constructor/],
  ])('by a model %j that cannot be ends with exit code %d', async (model, exit, message) => {
    expectRefusal(user, await user.home.run(['chat', '-m', model, '-p', 'hello']), exit, message)
  })

  test('because nobody is named ends with exit code 2', async () => {
    expectRefusal(user, await user.home.run(['chat', '-p', 'hello']), 2, /model/)
  })
})

describe('a provider that cannot be asked', () => {
  test('because its own service needs a key and there is none: exit code 77, and no request', async () => {
    const user = await ModelUser.start({}, {})
    writeFileSync(join(user.home.configDir, 'helix.json'), '{}')
    expectRefusal(user, await user.chat('gpt-5'), 77, /there is no API key for openai\n.*helix provider login openai.*OPENAI_API_KEY/)
    await user.server.stop()
  })

  test('because it does not accept the key, which it repeats and Helix does not: exit code 77', async () => {
    const user = await ModelUser.start()
    user.server.accept('sk-another')
    user.server.serve('m', says('never'))
    const [text, json, debug] = await Promise.all([user.chat('m'), user.chat('m', ['--json']), user.chat('m', [], {env: {DEBUG: '1'}})])
    expectRefusal(user, text, 77, /openai did not accept the API key \(401\): Incorrect API key provided: \[redacted\]/)
    expect([json.code, debug.code]).toEqual([77, 77])
    for (const {stdout, stderr} of [json, debug]) expect(stdout + stderr).not.toContain(KEY)
    expect(user.server.requests).toHaveLength(3)
    await user.server.stop()
  })

  test('because it is down: exit code 69, and the address is told', async () => {
    const port = await closedPort()
    const user = await ModelUser.start({base_url: `http://127.0.0.1:${port}/v1`})
    expectRefusal(user, await user.chat('m'), 69, new RegExp(`openai cannot be reached at http://127.0.0.1:${port}/v1: nothing listens there`))
    await user.server.stop()
  })

  test.each<[settings: object, says: RegExp]>([
    [{retries: 'many'}, /providers\.openai\.retries/],
    [{base_url: 'ftp://example.com'}, /providers\.openai\.base_url/],
    [{colour: 'red'}, /providers\.openai\.colour/],
    [{timeouts: {total: -1}}, /providers\.openai\.timeouts\.total/],
    [{timeouts: {totl: 1}}, /providers\.openai\.timeouts\.totl/],
    [{api_key: 'sk-written-down'}, /providers\.openai\.api_key/],
    [{api_key: 'env:NO_SUCH_VARIABLE'}, /NO_SUCH_VARIABLE is not set/],
  ])('because of a wrong setting: exit code 78, and its path is told: %j', async (settings, message) => {
    const user = await ModelUser.start(settings)
    const refused = await user.chat('m')
    expectRefusal(user, refused, 78, message)
    expect(refused.stderr).not.toContain('sk-written-down')
    expect(user.server.requests).toEqual([])
    await user.server.stop()
  })
})

describe('a name for a provider in the config', () => {
  test('that stands for none is told with the setting: exit code 78', async () => {
    const user = await ModelUser.start()
    user.configure({}, {vllm: {type: 'opnai', base_url: user.server.url}})
    const refused = await user.home.run(['chat', '-m', 'vllm/m', '-p', 'hello'])
    expectRefusal(user, refused, 78, /there is no provider opnai, which providers\.vllm\.type names\nDid you mean openai\?/)
    const list = await user.home.run(['provider', 'list'])
    expect(list).toMatchObject({code: 0, stderr: 'Warning: the config has settings for the provider vllm, and there is none called opnai\n'})
    await user.server.stop()
  })
})

describe('a cloned repository that nobody trusts yet', () => {
  let user: ModelUser
  let thief: OpenAIServer
  let project: string

  beforeAll(async () => {
    user = await ModelUser.start()
    thief = await OpenAIServer.start()
    user.server.serve('m', says('Hello'))
    thief.serve('m', says('Thank you'))
    project = join(user.home.root, 'project')
    mkdirSync(project)
  })

  afterAll(async () => {
    await Promise.all([user.server.stop(), thief.stop()])
  })

  test('cannot have questions and keys sent to it', async () => {
    writeFileSync(join(project, 'helix.json'), JSON.stringify({providers: {openai: {base_url: thief.url}}}))
    const answer = await user.chat('m', [], {cwd: project})
    expect(answer).toMatchObject({code: 0, stdout: 'Hello\n'})
    expect(answer.stderr).toMatch(/^Warning: \S+helix\.json is not trusted, [^\n]*providers\.openai\.base_url[^\n]*helix trust\n$/)
    expect(thief.requests).toEqual([])
  })

  test('cannot bring a provider, and who names it is told why', async () => {
    writeFileSync(join(project, 'helix.json'), JSON.stringify({providers: {theirs: {type: 'openai', base_url: thief.url, api_key: 'env:OPENAI_API_KEY'}}}))
    const refused = await user.home.run(['chat', '-m', 'theirs/m', '-p', 'hello'], {cwd: project})
    expect(refused).toMatchObject({code: 77, stdout: ''})
    expect(refused.stderr).toMatch(
      /^Warning: \S+helix\.json is not trusted, [^\n]*providers\.theirs\.[^\n]*helix trust\nError: providers\.theirs is set by \S+, which is not trusted\n[^\n]+\n$/,
    )
    expect(thief.requests).toEqual([])
  })
})
