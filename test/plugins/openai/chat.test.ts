import {inspect} from 'node:util'
import {afterEach, beforeEach, describe, expect, it, jest} from '@jest/globals'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {readFailed} from '../../../src/core/providers/testing/read-answer.js'
import {answerWith, cutAfter} from '../../../src/core/providers/testing/replies.js'
import {OPENAI_URL} from '../../../src/plugins/openai/endpoint.js'
import openai from '../../../src/plugins/openai/plugin.js'
import {ask, openProvider, QUESTION} from '../../fixtures/replay.js'
import {chunk, sse} from './openai-wire.js'

const plugin = await openai()
const STREAM = {contentType: 'text/event-stream'}
const JSON_BODY = {contentType: 'application/json'}
const DONE = 'data: [DONE]\n\n'
const HALLO = chunk({delta: {content: 'Hallo'}})
const STOP = chunk({delta: {}, finish_reason: 'stop'})

describe('what is sent to a server', () => {
  const VARIABLES = {OPENAI_API_KEY: 'sk-of-the-environment', OPENAI_ORG_ID: 'org-x', OPENAI_PROJECT_ID: 'proj-x', OPENAI_ADMIN_KEY: 'sk-admin'}
  let before: NodeJS.ProcessEnv

  beforeEach(() => {
    before = {...process.env}
    Object.assign(process.env, VARIABLES)
  })
  afterEach(() => {
    process.env = before
  })

  it('without a key has no key, and nothing of the environment', async () => {
    const {text, sent} = await ask(plugin, answerWith([HALLO, STOP, DONE], STREAM), QUESTION, {apiKey: undefined})
    expect(text).toBe('Hallo')
    expect(sent.headers).not.toHaveProperty('authorization')
    for (const value of Object.values(VARIABLES)) expect(JSON.stringify(sent)).not.toContain(value)
  })
})

describe('a key that no header can carry', () => {
  it.each(['sk-line\nbreak', 'sk-spa ce', 'sk-späße'])('%j is refused without being told', async (apiKey) => {
    const {error, sent} = await ask(plugin, answerWith([HALLO, STOP, DONE], STREAM), QUESTION, {apiKey})
    expect(error).toMatchObject({kind: 'denied', code: 'KEY_REFUSED'})
    expect(inspect(error, {depth: 9})).not.toContain(apiKey.slice(3))
    expect(sent).toBeUndefined()
  })
})

describe('the end of an answer', () => {
  it.each([
    ['stop', 'stop'],
    ['eos', 'stop'],
    ['length', 'length'],
    ['max_tokens', 'length'],
    ['model_length', 'length'],
    ['tool_calls', 'tool_calls'],
    ['function_call', 'tool_calls'],
    ['content_filter', 'content_filter'],
  ])('%s is %s', async (reason, finish) => {
    expect((await ask(plugin, answerWith([HALLO, chunk({delta: {}, finish_reason: reason}), DONE], STREAM))).finish).toBe(finish)
  })

  it('stop after tool calls is tool_calls', async () => {
    const call = chunk({delta: {tool_calls: [{index: 0, id: 'c', function: {name: 'weather', arguments: '{}'}}]}})
    expect((await ask(plugin, answerWith([call, STOP, DONE], STREAM))).finish).toBe('tool_calls')
  })

  it('is told after the usage, which comes later', async () => {
    const usage = sse({choices: [], usage: {prompt_tokens: 3, completion_tokens: 4, total_tokens: 7}})
    const {events} = await ask(plugin, answerWith([HALLO, STOP, usage, DONE], STREAM))
    expect(events.map(({type}) => type)).toEqual(['text', 'usage', 'finish'])
  })

  it('needs no [DONE], and a connection that is lost after it is no loss', async () => {
    expect((await ask(plugin, answerWith([HALLO, STOP], STREAM))).finish).toBe('stop')
    expect(await ask(plugin, cutAfter([HALLO, STOP], STREAM))).toMatchObject({finish: 'stop', text: 'Hallo'})
  })

  it.each(['', null])('is not a finish reason of %j', async (reason) => {
    const {error} = await ask(plugin, answerWith([HALLO, chunk({delta: {}, finish_reason: reason}), DONE], STREAM))
    expect(error).toMatchObject({code: 'STREAM_CUT'})
  })

  it.each([
    ['insufficient_system_resource', 'busy'],
    ['error', 'unavailable'],
    ['abort', 'unavailable'],
  ])('%s is an error of kind %s, and before content is tried again', async (reason, kind) => {
    const givenUp = chunk({delta: {}, finish_reason: reason})
    const {error, text} = await ask(plugin, answerWith([HALLO, givenUp, DONE], STREAM))
    expect([error?.kind, text]).toEqual([kind, 'Hallo'])

    const waits: number[] = []
    const again = await ask(plugin, answerWith([givenUp, DONE], STREAM), QUESTION, {retries: 1, onRetry: (_, waitMs) => void waits.push(waitMs)})
    expect([again.error?.kind, waits.length]).toEqual([kind, 1])
  })
})

describe('an error in place of an answer or in its middle', () => {
  it.each([
    ['an object', {error: {message: 'no memory left', type: 'server_error'}}, 'unavailable', 'no memory left'],
    ['a text', {error: 'no memory left'}, 'unavailable', 'no memory left'],
    ['with a status as its code', {error: {message: 'slow down', code: 429}}, 'busy', 'slow down'],
    ['with a type that has a status', {error: {message: 'bad top_p', type: 'invalid_request_error'}}, 'usage', 'bad top_p'],
    ['about the quota', {error: {message: 'pay first', code: 'insufficient_quota'}}, 'denied', 'pay first'],
    ['without a frame', {object: 'error', message: 'no memory left', code: 500}, 'unavailable', 'no memory left'],
    ['in a choice', {choices: [{delta: {}, finish_reason: 'error', error: {message: 'upstream died', code: 502}}]}, 'unavailable', 'upstream died'],
  ])('%s', async (_, payload, kind, said) => {
    for (const before of [[], [HALLO]]) {
      const {error, text} = await ask(plugin, answerWith([...before, sse(payload), DONE], STREAM))
      expect(error).toMatchObject({kind, message: expect.stringContaining(said)})
      expect(text).toBe(before.length > 0 ? 'Hallo' : '')
    }
  })

  it.each([
    ['{"error":{"message":"bad top_p"}}', 'bad top_p'],
    ['{"error":"bad top_p"}', 'bad top_p'],
    ['{"object":"error","message":"bad top_p","code":400}', 'bad top_p'],
    ['{"detail":"bad top_p"}', 'bad top_p'],
    ['{"detail":[{"loc":["top_p"]}]}', 'top_p'],
    ['{"detail":[{"loc":["body","top_p"],"msg":"must be below 1"}]}', '400): body.top_p: must be below 1'],
    ['{"object":"error","message":{"detail":[{"loc":["top_p"],"msg":"bad"},{"msg":"worse"}]}}', '400): top_p: bad; worse'],
    ['bad top_p', 'bad top_p'],
    ['', 'no body'],
  ])('with the status 400 and the body %s', async (body, said) => {
    const {error} = await ask(plugin, answerWith([body], {...JSON_BODY, status: 400}))
    expect(error).toMatchObject({kind: 'usage', code: 'REQUEST_REFUSED', message: expect.stringContaining(said)})
    expect(error?.message).not.toMatch(/400.*400|[{}]"message/)
  })

  it.each([
    ['{"error":"Unexpected endpoint or method. (POST /chat/completions)"}', {kind: 'config', code: 'ENDPOINT_WRONG'}],
    ['{"status":"ok"}', {kind: 'config', code: 'ENDPOINT_WRONG'}],
    ['[]', {kind: 'config', code: 'ENDPOINT_WRONG'}],
    ['{"error":{"message":"no memory left"}}', {kind: 'unavailable', code: 'PROVIDER_FAILED'}],
    ['{"choices":[{"mess', {kind: 'unavailable', code: 'STREAM_CUT'}],
  ])('with the status 200 and the body %s', async (body, expected) => {
    expect((await ask(plugin, answerWith([body], JSON_BODY))).error).toMatchObject(expected)
  })

  it('that says nothing of itself is told by what the socket said', async () => {
    const server = await new FakeServer().start()
    const provider = await openProvider(plugin, server, {settings: {base_url: server.url.replace('http:', 'https:')}})
    const {error} = await readFailed(provider.streamWithTools(QUESTION))
    expect(error).toMatchObject({kind: 'unavailable', message: expect.stringMatching(/cannot be reached at https.*(SSL|TLS|packet)/i)})
    await server.close()
  })
})

describe('an answer that is no proper one', () => {
  it('of garbage ends with an error, and nothing is printed', async () => {
    const printed = [jest.spyOn(console, 'error'), jest.spyOn(console, 'warn'), jest.spyOn(console, 'log')]
    const {error, text} = await ask(plugin, answerWith([HALLO, 'data: {"choices": [{"delta"\n\n', STOP, DONE], STREAM))
    expect([error?.code, text]).toEqual(['STREAM_CUT', 'Hallo'])
    for (const spy of printed) {
      expect(spy).not.toHaveBeenCalled()
      spy.mockRestore()
    }
  })

  it('with two calls of one id has two calls', async () => {
    const calls = ['Köln', 'Oslo'].map((location) => ({id: 'same', function: {name: 'weather', arguments: JSON.stringify({location})}}))
    const body = {choices: [{message: {content: null, tool_calls: calls}, finish_reason: 'tool_calls'}]}
    const answer = await ask(plugin, answerWith([JSON.stringify(body)], JSON_BODY))
    expect(answer.calls.map((call) => JSON.parse(call.arguments))).toEqual([{location: 'Köln'}, {location: 'Oslo'}])
  })
})

describe('thoughts before a tool call', () => {
  it('go back to DeepSeek and its like, which refuse a conversation without them', async () => {
    const server = await new FakeServer().start()
    const call = chunk({delta: {tool_calls: [{index: 0, id: 'c1', function: {name: 'weather', arguments: '{}'}}]}})
    server.reply(answerWith([chunk({delta: {reasoning_content: 'Look '}}), chunk({delta: {reasoning_content: 'it up'}}), call, STOP, DONE], STREAM))
    const provider = await openProvider(plugin, server)
    const {message, reasoning} = await provider.generateWithTools(QUESTION)
    expect(reasoning).toBe('Look it up')
    await provider.generateWithTools({...QUESTION, messages: [...QUESTION.messages, message, {role: 'tool', toolCallId: 'c1', content: 'rain'}]})
    expect(JSON.parse(server.requests[1]!.body).messages[1]).toEqual({
      role: 'assistant',
      content: null,
      reasoning_content: 'Look it up',
      tool_calls: [{id: 'c1', type: 'function', function: {name: 'weather', arguments: '{}'}}],
    })
    await server.close()
  })
})

describe('the limit of tokens of a model', () => {
  it.each([
    ['gpt-5-mini', OPENAI_URL, 128_000],
    ['gpt-4.1', OPENAI_URL, 32_768],
    ['gpt-4o', OPENAI_URL, 32_000],
    ['gpt-5-mini', 'https://api.example/v1', 32_000],
  ])('%s at %s: %i', async (model, base_url, limit) => {
    const server = await new FakeServer().start()
    server.reply(answerWith([HALLO, STOP, DONE], STREAM))
    const toServer: typeof fetch = (_, init) => fetch(server.url, init)
    const provider = await openProvider(plugin, server, {settings: {base_url}, fetch: toServer})
    expect((await provider.generate({...QUESTION, model, maxTokens: limit})).text).toBe('Hallo')
    await expect(provider.generate({...QUESTION, model, maxTokens: limit + 1})).rejects.toThrow(`max_tokens must be from 1 to ${limit}`)
    expect(server.requests.length).toBe(1)
    await server.close()
  })
})

describe('the models of a server', () => {
  const list = async (body: string) => {
    const server = await new FakeServer().start()
    server.reply(answerWith([body], JSON_BODY))
    try {
      return await (await openProvider(plugin, server)).listModels()
    } finally {
      expect(server.requests[0]).toMatchObject({method: 'GET', path: '/v1/models'})
      await server.close()
    }
  }

  it('are listed with what it says of them', async () => {
    const models = [
      {id: 'plain', object: 'model', created: 1, owned_by: 'x'},
      {id: 'vllm', max_model_len: 4096},
      {id: 'groq', context_window: 8192},
      {id: 'router', context_length: 16384},
      {id: 'llama-server', meta: {n_ctx_train: 32768, size: 123}},
    ]
    const expected = [
      {id: 'plain'},
      {id: 'vllm', contextTokens: 4096},
      {id: 'groq', contextTokens: 8192},
      {id: 'router', contextTokens: 16384},
      {id: 'llama-server', contextTokens: 32768, sizeBytes: 123},
    ]
    expect(await list(JSON.stringify({object: 'list', data: models}))).toEqual(expected)
    expect(await list(JSON.stringify(models))).toEqual(expected)
    expect(await list('{"data":[]}')).toEqual([])
  })

  it.each(['<html></html>', '{"error":"Unexpected endpoint"}', '{"data":[{"name":"x"}]}', '{"data":[null]}', '"models"', ''])(
    'are not what %j says: the address is wrong',
    async (body) => {
      await expect(list(body)).rejects.toMatchObject({kind: 'config', code: 'ENDPOINT_WRONG', hint: expect.stringContaining('/v1')})
    },
  )
})
