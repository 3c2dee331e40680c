import {inspect} from 'node:util'
import {describe, expect, it} from '@jest/globals'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {answerWith, cutAfter} from '../../../src/core/providers/testing/replies.js'
import claude from '../../../src/plugins/claude/plugin.js'
import {ask, openProvider, QUESTION} from '../../fixtures/replay.js'
import {event} from './claude-wire.js'

const plugin = await claude()
const STREAM = {contentType: 'text/event-stream'}
const JSON_BODY = {contentType: 'application/json'}
const START = event({type: 'message_start', message: {content: [], usage: {input_tokens: 3, output_tokens: 1}}})
const HALLO = [
  event({type: 'content_block_start', index: 0, content_block: {type: 'text', text: ''}}),
  event({type: 'content_block_delta', index: 0, delta: {type: 'text_delta', text: 'Hallo'}}),
  event({type: 'content_block_stop', index: 0}),
]
const BEGUN = [START, ...HALLO]
const STOP = event({type: 'message_stop'})
const endsWith = (stop_reason: string | null) => event({type: 'message_delta', delta: {stop_reason}, usage: {output_tokens: 7}})

describe('the end of an answer', () => {
  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['pause_turn', 'length'],
    ['refusal', 'refusal'],
    ['something_new', 'stop'],
  ])('%s is %s', async (reason, finish) => {
    const {events, text} = await ask(plugin, answerWith([...BEGUN, endsWith(reason), STOP], STREAM))
    expect(text).toBe('Hallo')
    expect(events.slice(-2)).toEqual([
      {type: 'usage', usage: {inputTokens: 3, outputTokens: 7}},
      {type: 'finish', reason: finish},
    ])
  })

  it('is only there with a reason and the last event, and what is lost after that is no loss', async () => {
    for (const pieces of [[endsWith('end_turn')], [endsWith(null), STOP], [STOP], []]) {
      const {error, text} = await ask(plugin, answerWith([...BEGUN, ...pieces], STREAM))
      expect([error?.code, text]).toEqual(['STREAM_CUT', 'Hallo'])
    }
    expect(await ask(plugin, cutAfter([...BEGUN, endsWith('end_turn'), STOP], STREAM))).toMatchObject({finish: 'stop', text: 'Hallo'})
  })

  it('is a cut where the stream becomes garbage', async () => {
    const {error, text} = await ask(plugin, answerWith([[...BEGUN, 'data: {"type"\n\n', endsWith('end_turn'), STOP].join('')], STREAM))
    expect([error?.code, text]).toEqual(['STREAM_CUT', 'Hallo'])
  })
})

describe('an error in the middle of an answer', () => {
  it.each([
    ['overloaded_error', 'busy', 'PROVIDER_FAILED'],
    ['api_error', 'unavailable', 'PROVIDER_FAILED'],
    ['timeout_error', 'unavailable', 'PROVIDER_FAILED'],
    ['rate_limit_error', 'busy', 'RATE_LIMIT'],
    ['invalid_request_error', 'usage', 'REQUEST_REFUSED'],
    ['authentication_error', 'denied', 'KEY_REFUSED'],
    ['billing_error', 'denied', 'QUOTA_EXCEEDED'],
    ['some_new_error', 'unavailable', 'PROVIDER_FAILED'],
  ])('%s is of kind %s', async (type, kind, code) => {
    for (const before of [[], BEGUN]) {
      const {error, text} = await ask(plugin, answerWith([...before, event({type: 'error', error: {type, message: 'Not now'}})], STREAM))
      expect(error).toMatchObject({kind, code, message: expect.stringContaining('Not now')})
      expect(text).toBe(before.length > 0 ? 'Hallo' : '')
    }
  })
})

describe('an error in place of an answer', () => {
  it.each([
    [400, {type: 'invalid_request_error', message: 'prompt is too long: 208310 tokens > 200000 maximum'}, 'usage', 'CONTEXT_TOO_LONG'],
    [400, {type: 'invalid_request_error', message: 'Your credit balance is too low. Please go to Plans & Billing.'}, 'denied', 'QUOTA_EXCEEDED'],
    [401, {type: 'authentication_error', message: 'invalid x-api-key'}, 'denied', 'KEY_REFUSED'],
    [404, {type: 'not_found_error', message: 'model: claude-nonesuch'}, 'usage', 'MODEL_UNKNOWN'],
    [413, {type: 'request_too_large', message: 'Request exceeds the maximum size'}, 'usage', 'REQUEST_REFUSED'],
    [529, {type: 'overloaded_error', message: 'Overloaded'}, 'busy', 'PROVIDER_FAILED'],
  ])('with the status %i and %j', async (status, error, kind, code) => {
    const body = JSON.stringify({type: 'error', error, request_id: 'req_1'})
    const answer = await ask(plugin, answerWith([body], {...JSON_BODY, status}))
    expect(answer.error).toMatchObject({kind, code, message: expect.stringContaining(error.message)})
  })

  it.each([
    ['{"type":"error","error":{"type":"api_error","message":"no memory left"}}', 'PROVIDER_FAILED'],
    ['{"error":"no memory left"}', 'PROVIDER_FAILED'],
    ['{"content":[{"type":"te', 'STREAM_CUT'],
    ['{"content":[{"type":"text","text":"Hallo"}]}', 'STREAM_CUT'],
    ['{"status":"ok"}', 'ENDPOINT_WRONG'],
    ['[]', 'ENDPOINT_WRONG'],
    ['', 'ENDPOINT_WRONG'],
  ])('with the status 200 and the body %s', async (body, code) => {
    expect((await ask(plugin, answerWith([body], JSON_BODY))).error).toMatchObject({code})
  })
})

describe('a key that no header can carry', () => {
  it.each(['sk-line\nbreak', 'sk-spa ce', 'sk-späße'])('%j is refused without being told', async (apiKey) => {
    const {error, sent} = await ask(plugin, answerWith([...BEGUN, endsWith('end_turn'), STOP], STREAM), QUESTION, {apiKey})
    expect(error).toMatchObject({kind: 'denied', code: 'KEY_REFUSED'})
    expect(inspect(error, {depth: 9})).not.toContain(apiKey.slice(3))
    expect(sent).toBeUndefined()
  })
})

describe('a request', () => {
  it('goes to the API whether its address is given with the version or without', async () => {
    const server = await new FakeServer().start()
    server.reply(answerWith([...BEGUN, endsWith('end_turn'), STOP], STREAM))
    for (const path of ['', '/v1', '/gateway/anthropic']) {
      await (await openProvider(plugin, server, {settings: {base_url: server.url + path}})).generate(QUESTION)
    }
    expect(server.requests.map(({path}) => path)).toEqual(['/v1/messages', '/v1/messages', '/gateway/anthropic/v1/messages'])
    await server.close()
  })

  it('is limited by the model, and by the settings where the model is not known', async () => {
    const server = await new FakeServer().start()
    server.reply(answerWith([...BEGUN, endsWith('end_turn'), STOP], STREAM))
    const provider = await openProvider(plugin, server, {maxTokens: 10_000})
    for (const [model, limit] of Object.entries({'claude-haiku-4-5': 64_000, 'claude-opus-5-5': 128_000, 'MiniMax-M2': 10_000})) {
      await provider.generate({...QUESTION, model, maxTokens: limit})
      await expect(provider.generate({...QUESTION, model, maxTokens: limit + 1})).rejects.toThrow(`max_tokens must be from 1 to ${limit}`)
    }
    expect(server.requests.length).toBe(3)
    await server.close()
  })

  it.each([
    ['for a model that has no structured output', 'claude-3-7-sonnet-20250219', {type: 'object', properties: {}, additionalProperties: false}],
    ['that Claude cannot be held to', 'claude-sonnet-5', {type: 'object'}],
  ])('has a schema %s in words', async (_, model, schema) => {
    const {sent} = await ask(plugin, answerWith([...BEGUN, endsWith('end_turn'), STOP], STREAM), {...QUESTION, model, schema})
    const {system, output_config} = JSON.parse(sent.body)
    expect(output_config).toBeUndefined()
    expect(system[0].text).toContain(JSON.stringify(schema))
  })
})

describe('the models', () => {
  const list = async (...bodies: string[]) => {
    const server = await new FakeServer().start()
    server.reply(...bodies.map((body) => answerWith([body], JSON_BODY)))
    try {
      const models = await (await openProvider(plugin, server)).listModels()
      return {models, paths: server.requests.map(({path}) => path)}
    } finally {
      await server.close()
    }
  }

  it('are listed page by page, with what is said of them', async () => {
    const first = {data: [{type: 'model', id: 'claude-opus-5-5', max_input_tokens: 1_000_000, max_tokens: 128_000}], has_more: true, last_id: 'claude-opus-5-5'}
    const second = {data: [{type: 'model', id: 'claude-haiku-4-5', max_input_tokens: null}], has_more: false, last_id: 'claude-haiku-4-5'}
    expect(await list(JSON.stringify(first), JSON.stringify(second))).toEqual({
      models: [{id: 'claude-opus-5-5', contextTokens: 1_000_000}, {id: 'claude-haiku-4-5'}],
      paths: ['/v1/models?limit=1000', '/v1/models?limit=1000&after_id=claude-opus-5-5'],
    })
  })

  it('are listed once by a server that says there are more and sends the same again', async () => {
    const body = JSON.stringify({data: [{id: 'm'}], has_more: true, last_id: 'm'})
    expect((await list(body)).paths.length).toBe(2)
  })

  it.each(['{"error":"Unexpected endpoint"}', '{"data":[{"name":"x"}]}', '{"data":[null]}', '"models"', ''])('are not what %j says', async (body) => {
    await expect(list(body)).rejects.toMatchObject({kind: 'config', code: 'ENDPOINT_WRONG'})
  })
})
