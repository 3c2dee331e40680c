import {describe, expect, jest, test} from '@jest/globals'
import type {GenerationRequest} from '../../../src/core/providers/provider.js'
import {waitFor} from '../../fixtures/wait-for.js'
import {type Answer, answers, collect, OllamaServer, refuses, sendsPage, streams, toLines} from './ollama-server.js'

const REQUEST: GenerationRequest = {model: 'qwen3:8b', messages: [{role: 'user', content: 'Hi'}]}
const HELLO = answers([{content: 'Hel'}, {content: 'lo'}])
const line = (content: string) => ({model: 'm', message: {role: 'assistant', content}, done: false})

/** The error of a chat that is answered so. */
async function failureOf(answer: Answer, open: {id?: string; apiKey?: string} = {}) {
  await using server = await OllamaServer.start(answer)
  const events = await collect((await server.open({}, open)).stream(REQUEST))
  const last = events.at(-1)
  if (last?.type !== 'error') throw new Error(`the answer ended with ${last?.type}`)
  return {error: last.error, events, requests: server.requests.length}
}

describe('a request that Ollama refuses', () => {
  test('for an unknown model names the command that fetches it', async () => {
    const {error, requests} = await failureOf(refuses(404, 'model "qwen3:8b" not found, try pulling it first'), {id: 'gpu-box'})
    expect(error).toMatchObject({
      kind: 'usage',
      code: 'MODEL_UNKNOWN',
      message: expect.stringContaining('gpu-box has no model qwen3:8b'),
      hint: 'Fetch it: helix model pull gpu-box/qwen3:8b',
    })
    expect(requests).toBe(1)
  })

  test.each([
    ['registry.ollama.ai/library/qwen3:8b does not support tools', 'tools'],
    ['"qwen3:8b" does not support thinking', 'thinking'],
    ['"qwen3:8b" does not support chat', 'chat'],
  ])('because %s is one clear error', async (said, what) => {
    const {error} = await failureOf(refuses(400, said))
    expect(error).toMatchObject({kind: 'usage', code: 'CAPABILITY_MISSING', message: `the model qwen3:8b does not support ${what}`})
    expect(error.hint).toContain(what)
  })

  test('for another reason tells it, without the key', async () => {
    const {error} = await failureOf(refuses(400, 'invalid options: temperature; key a-key-of-mine'), {apiKey: 'a-key-of-mine'})
    expect(error).toMatchObject({kind: 'usage', code: 'REQUEST_REFUSED', message: expect.stringContaining('invalid options: temperature')})
    expect(error.message).not.toContain('a-key-of-mine')
  })

  test('for a model in the cloud says how to sign in', async () => {
    const {error} = await failureOf(refuses(401, 'unauthorized'))
    expect(error).toMatchObject({kind: 'denied', code: 'KEY_REFUSED', hint: expect.stringContaining('ollama signin')})
  })

  test('for its host says what to set', async () => {
    const {error} = await failureOf((response) => response.writeHead(403).end())
    expect(error).toMatchObject({kind: 'config', code: 'HOST_REFUSED', hint: expect.stringContaining('OLLAMA_HOST')})
  })

  test.each([
    ['Ollama', refuses(503, 'server busy, please try again. maximum pending requests exceeded', {'retry-after': '3'})],
    ['a proxy before it', sendsPage(502)],
  ])('because %s is out of breath is sent again', async (_, answer) => {
    await using server = await OllamaServer.start(answer, HELLO)
    expect((await (await server.open({retries: 1})).generate(REQUEST)).text).toBe('Hello')
    expect(server.requests).toHaveLength(2)
  })

  test('is not sent again when Ollama asks to wait for an hour', async () => {
    await using server = await OllamaServer.start(refuses(429, 'usage limit reached', {'retry-after': '3600'}))
    await expect((await server.open({retries: 1})).generate(REQUEST)).rejects.toMatchObject({kind: 'busy', message: expect.stringContaining('3600 s')})
    expect(server.requests).toHaveLength(1)
  })
})

test('where nothing listens the hint names ollama serve', async () => {
  await using server = await OllamaServer.start()
  await using gone = await OllamaServer.start()
  const {url} = gone
  await gone[Symbol.asyncDispose]()
  for (const base_url of [url, url.replace('127.0.0.1', 'localhost')]) {
    const refused = {
      kind: 'unavailable',
      code: 'PROVIDER_UNREACHABLE',
      message: expect.stringContaining(base_url),
      hint: expect.stringContaining('ollama serve'),
    }
    const provider = await server.open({base_url, retries: 3})
    await expect(provider.generate(REQUEST)).rejects.toMatchObject(refused)
    await expect(provider.validateConfig()).rejects.toMatchObject(refused)
  }
})

test('a password in the address is told to nobody', async () => {
  await using server = await OllamaServer.start(HELLO)
  const provider = await server.open({base_url: server.url.replace('//', '//me:a-password-of-mine@')})
  const error = await provider.generate(REQUEST).catch(String)
  expect(error).toContain('cannot be reached at http://me:[redacted]@127.0.0.1')
  expect(error).not.toContain('a-password-of-mine')
})

describe('what answers but is not Ollama', () => {
  test.each<[string, Answer]>([
    ['a page', sendsPage(200)],
    ['a page that is not found', sendsPage(404)],
    ['a page that takes no POST', sendsPage(405)],
    ['a service with another path', (response) => response.writeHead(404).end('{"error":{"message":"the model of this path is unknown"}}')],
    ['a service with other answers', streams({object: 'chat.completion', choices: []})],
    ['a stream of events', (response) => response.end('data: {"done":false}\n\ndata: [DONE]\n\n')],
    ['JSON that is no object', (response) => response.end('[1,2]\n')],
    ['a line without an end', (response) => response.end('no newline')],
  ])('%s is an error of the config, and prints nothing', async (_, answer) => {
    const printed = (['log', 'warn', 'error'] as const).map((level) => jest.spyOn(console, level))
    await using server = await OllamaServer.start(answer)
    const provider = await server.open()
    const wrong = {kind: 'config', code: 'ENDPOINT_WRONG', message: expect.stringContaining(server.url), hint: expect.stringContaining('helix provider show')}
    await expect(provider.generate(REQUEST)).rejects.toMatchObject(wrong)
    await expect(provider.listModels()).rejects.toMatchObject(wrong)
    await expect(provider.pullModel?.('m')[Symbol.asyncIterator]().next()).rejects.toMatchObject(wrong)
    for (const spy of printed) {
      expect(spy).not.toHaveBeenCalled()
      spy.mockRestore()
    }
  })
})

describe('an answer', () => {
  const sent = toLines(line('Grü'), {...line('ße 👋'), message: {thinking: 'é'}}, line('🙂'), {done: true, done_reason: 'stop', eval_count: 3})
  const expected = [
    {type: 'text', text: 'Grü'},
    {type: 'reasoning', text: 'é'},
    {type: 'text', text: '🙂'},
    {type: 'usage', usage: {outputTokens: 3}},
    {type: 'finish', reason: 'stop'},
  ]

  test.each<[string, Buffer[]]>([
    ['byte by byte', [...Buffer.from(sent)].map((byte) => Buffer.from([byte]))],
    ['with CRLF, byte by byte', [...Buffer.from(sent.replaceAll('\n', '\r\n'))].map((byte) => Buffer.from([byte]))],
    ['with empty lines', [Buffer.from(`\n\r\n${sent.replaceAll('\n', '\n\n')}`)]],
    ['without a newline at its end', [Buffer.from(sent.trimEnd())]],
  ])('that comes %s says the same', async (_, pieces) => {
    await using server = await OllamaServer.start(async (response) => {
      response.socket?.setNoDelay(true)
      for (const piece of pieces) await new Promise((resolve) => response.write(piece, resolve))
      response.end()
    })
    expect(await collect((await server.open()).stream(REQUEST))).toEqual(expected)
  })

  test.each<[string, Answer]>([
    ['between two lines', streams(line('Hel'))],
    ['within a line', (response) => response.end(toLines(line('Hel'), line('lo')).slice(0, -20))],
    ['by the network', (response) => response.write(toLines(line('Hel')), () => response.destroy())],
    ['by something that is none of it', (response) => response.end(`${toLines(line('Hel'))}<html>Bad gateway</html>\n`)],
  ])('that is cut %s is an error and not asked for again', async (_, answer) => {
    await using server = await OllamaServer.start(answer, HELLO)
    const events = await collect((await server.open({retries: 2})).stream(REQUEST))
    expect(events).toMatchObject([{type: 'text', text: 'Hel'}, {error: {kind: 'unavailable', code: 'STREAM_CUT'}}])
    expect(server.requests).toHaveLength(1)
  })

  test.each<[string, Answer]>([
    ['is empty', (response) => response.end()],
    ['is cut in its first line', (response) => response.end(toLines(line('Hel')).slice(0, 30))],
    ['is an error', streams({error: 'llama runner process no longer running: 2'})],
    ['is cut by the network', (response) => response.write(' ', () => response.destroy())],
  ])('that %s before anything has come is asked for again', async (_, answer) => {
    await using server = await OllamaServer.start(answer, HELLO)
    expect((await (await server.open({retries: 1})).generate(REQUEST)).text).toBe('Hello')
    expect(server.requests).toHaveLength(2)
  })

  test('that turns into an error says which, and is not asked for again', async () => {
    await using server = await OllamaServer.start(streams(line('Hel'), {error: 'an error was encountered while running the model: CUDA error'}), HELLO)
    const events = await collect((await server.open({retries: 2})).stream(REQUEST))
    expect(events).toMatchObject([{text: 'Hel'}, {error: {kind: 'unavailable', code: 'PROVIDER_FAILED', message: expect.stringContaining('CUDA error')}}])
    expect(server.requests).toHaveLength(1)
  })
})

describe('a call that is cancelled', () => {
  test('ends by itself; another of the same provider goes on', async () => {
    const release = Promise.withResolvers<void>()
    const waits: Answer = async (response) => {
      response.write(toLines(line('Hel')))
      await release.promise
      response.end(toLines(line('lo'), {done: true, done_reason: 'stop'}))
    }
    await using server = await OllamaServer.start(waits)
    const provider = await server.open()
    const controller = new AbortController()
    const cancelled = provider.stream(REQUEST, {signal: controller.signal})[Symbol.asyncIterator]()
    const other = provider.stream(REQUEST)[Symbol.asyncIterator]()
    for (const events of [cancelled, other]) expect((await events.next()).value).toEqual({type: 'text', text: 'Hel'})
    controller.abort()
    expect((await cancelled.next()).value).toMatchObject({type: 'error', error: {kind: 'interrupted'}})
    await waitFor('the cancelled request is given up', () => server.givenUp.length === 1)
    release.resolve()
    expect(await collect({[Symbol.asyncIterator]: () => other})).toMatchObject([{text: 'lo'}, {type: 'usage'}, {type: 'finish'}])
    expect(server.givenUp).toHaveLength(1)
  })

  test('is given up on the wire even before the answer has begun', async () => {
    await using server = await OllamaServer.start(() => {})
    const provider = await server.open()
    const controller = new AbortController()
    const failures = [provider.generate(REQUEST, controller), provider.listModels(controller)].map((call) => call.catch((error: unknown) => error))
    await waitFor('both requests', () => server.requests.length === 2)
    controller.abort()
    for (const failure of failures) expect(await failure).toMatchObject({kind: 'interrupted', code: 'CANCELLED'})
    await waitFor('both requests are given up', () => server.givenUp.length === 2)
  })
})
