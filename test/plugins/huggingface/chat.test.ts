import {describe, expect, it} from '@jest/globals'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {readFinished} from '../../../src/core/providers/testing/read-answer.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import huggingface from '../../../src/plugins/huggingface/plugin.js'
import {ask, openProvider, QUESTION} from '../../fixtures/replay.js'
import {chunk, sse} from '../openai/openai-wire.js'

const plugin = await huggingface()
const STREAM = {contentType: 'text/event-stream'}
const JSON_BODY = {contentType: 'application/json'}
const HALLO = answerWith([chunk({delta: {content: 'Hallo'}}), chunk({delta: {}, finish_reason: 'stop'}), 'data: [DONE]\n\n'], STREAM)

describe('a model that is still loading', () => {
  it('is asked again when it will be there', async () => {
    const server = await new FakeServer().start()
    const waits: number[] = []
    server.reply(answerWith(['{"error":"Model org/name is currently loading","estimated_time":20.5}'], {...JSON_BODY, status: 503}), HALLO)
    const provider = await openProvider(plugin, server, {retries: 1, onRetry: (_, waitMs) => void waits.push(waitMs)})
    expect((await readFinished(provider.streamWithTools(QUESTION))).text).toBe('Hallo')
    expect(waits).toEqual([20_500])
    await server.close()
  })

  it.each([
    ['{"error":"Model org/name is currently loading","estimated_time":118.02}', {}, /is currently loading.*wait 119 s/],
    ['{"error":"loading","estimated_time":1}', {'retry-after': '90'}, /loading.*wait 90 s/],
    ['Service Unavailable', {}, /\(503\): Service Unavailable/],
    ['{"error":"loading","estimated_time":"soon"}', {}, /\(503\): loading/],
  ])('%s with %j is busy', async (body, headers, said) => {
    const {error} = await ask(plugin, answerWith([body], {...JSON_BODY, status: 503, headers}), QUESTION, {retries: 1})
    expect(error).toMatchObject({kind: 'busy', message: expect.stringMatching(said)})
  })
})

describe('a refusal', () => {
  const UNSUPPORTED = {
    error: {
      message: "The requested model 'org/name' is not supported by any provider you have enabled.",
      type: 'invalid_request_error',
      code: 'model_not_supported',
    },
  }
  const LONG = 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 500 `max_new_tokens`'

  it.each([
    [400, UNSUPPORTED, 'MODEL_UNKNOWN', 'not supported by any provider'],
    [401, {error: 'Invalid username or password.'}, 'KEY_REFUSED', 'Invalid username or password.'],
    [402, {error: 'You have exceeded your monthly included credits for Inference Providers.'}, 'QUOTA_EXCEEDED', 'monthly included credits'],
    [422, {error: LONG, error_type: 'validation'}, 'CONTEXT_TOO_LONG', '4096'],
    [422, {error: 'Template error: bad', error_type: 'template_error'}, 'REQUEST_REFUSED', 'Template error'],
    [424, {error: 'Request failed during generation: CUDA out of memory', error_type: 'generation'}, 'PROVIDER_FAILED', 'CUDA'],
    [429, {error: 'Model is overloaded', error_type: 'overloaded'}, 'RATE_LIMIT', 'overloaded'],
  ])('%d %j', async (status, body, code, said) => {
    const {error} = await ask(plugin, answerWith([JSON.stringify(body)], {...JSON_BODY, status}))
    expect(error).toMatchObject({code, message: expect.stringContaining(said)})
  })

  it.each([
    [{error: LONG, error_type: 'validation'}, 'CONTEXT_TOO_LONG'],
    [{error: 'Input validation error: bad', error_type: 'validation'}, 'REQUEST_REFUSED'],
    [{error: {message: 'Input validation error: bad', http_status_code: 422}}, 'REQUEST_REFUSED'],
    [{error: 'Model is overloaded', error_type: 'overloaded'}, 'RATE_LIMIT'],
    [{error: 'Request failed during generation: dead', error_type: 'generation'}, 'PROVIDER_FAILED'],
  ])('that comes as a stream: %j', async (body, code) => {
    expect((await ask(plugin, answerWith([sse(body)], STREAM))).error).toMatchObject({code})
  })
})

describe('what goes along with a request', () => {
  const headersOf = async (base_url: string, timeouts = {connect: 5, firstToken: 120, idle: 20, total: 60}) => {
    const seen: Headers[] = []
    const fetch: typeof globalThis.fetch = async (_, init) => {
      seen.push(new Headers(init?.headers))
      return Response.json({object: 'list', data: []})
    }
    const server = await new FakeServer().start()
    await (await openProvider(plugin, server, {fetch, timeouts, settings: {base_url, bill_to: 'my-org'}})).listModels()
    await server.close()
    return seen[0] as Headers
  }

  it('is who pays for it', async () => {
    expect((await headersOf('https://router.huggingface.co/v1')).get('x-hf-bill-to')).toBe('my-org')
    expect((await ask(plugin, HALLO)).sent.headers).not.toHaveProperty('x-hf-bill-to')
  })

  it.each([
    ['https://x.us-east-1.aws.endpoints.huggingface.cloud/v1', 120, '120'],
    ['https://x.us-east-1.aws.endpoints.huggingface.cloud/v1', 0, '600'],
    ['https://x.endpoints.huggingface.cloud/v1', 900, '600'],
    ['https://router.huggingface.co/v1', 120, null],
    ['https://endpoints.huggingface.cloud.example/v1', 120, null],
  ])('to %s is that a machine may start, with %d s', async (url, firstToken, expected) => {
    expect((await headersOf(url, {connect: 5, firstToken, idle: 20, total: 60})).get('x-scale-up-timeout')).toBe(expected)
  })
})

describe('the list of models', () => {
  it('has those that somebody serves, with the longest context', async () => {
    const live = (context_length?: number) => ({provider: 'p', status: 'live', context_length})
    const data = [
      {id: 'org/a', providers: [live(65_536), live(1_048_576), live(), {provider: 'q', status: 'error', context_length: 9_999_999}]},
      {id: 'org/b', providers: [{provider: 'q', status: 'error', context_length: 4096}]},
      {id: 'org/c', providers: [live()]},
      {id: 'tgi', object: 'model'},
    ]
    const server = await new FakeServer().start()
    server.reply(answerWith([JSON.stringify({object: 'list', data})], JSON_BODY))
    const models = await (await openProvider(plugin, server)).listModels()
    expect(models).toEqual([{id: 'org/a', contextTokens: 1_048_576}, {id: 'org/c'}, {id: 'tgi'}])
    await server.close()
  })
})
