import {describe, expect, it} from '@jest/globals'
import type {AssistantMessage, ToolGenerationRequest} from '../../../src/core/providers/provider.js'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import groq from '../../../src/plugins/groq/plugin.js'
import {ask, KEY, openProvider, QUESTION} from '../../fixtures/replay.js'
import {chunk, sse} from '../openai/openai-wire.js'

const plugin = await groq()
const STREAM = {contentType: 'text/event-stream'}
const JSON_BODY = {contentType: 'application/json'}
const DONE = 'data: [DONE]\n\n'
const STOP = chunk({delta: {}, finish_reason: 'stop'})
const answer = (...deltas: object[]) => answerWith([...deltas.map((delta) => chunk({delta})), STOP, DONE], STREAM)
const SCHEMA = {type: 'object', properties: {size: {type: 'integer'}}, required: ['size'], additionalProperties: false}

describe('a conversation', () => {
  it.each([
    ['openai/gpt-oss-120b', {reasoning: 'Hm, 42'}],
    ['qwen/qwen3.8-27b', {reasoning: 'Hm, 42'}],
    // These refuse it.
    ['groq/compound', {}],
  ])('with %s goes on with %j', async (model, thoughts) => {
    const server = await new FakeServer().start()
    server.reply(answer({reasoning: 'Hm'}, {reasoning: ', 42'}, {content: '42'}), answer({content: 'Ja.'}))
    const provider = await openProvider(plugin, server)
    const {message} = await provider.generate({...QUESTION, model})
    const kept: AssistantMessage = JSON.parse(JSON.stringify(message))
    await provider.generate({...QUESTION, model, messages: [...QUESTION.messages, kept, {role: 'user', content: 'Sicher?'}]})
    expect(JSON.parse(server.requests[1]!.body).messages[1]).toEqual({role: 'assistant', content: '42', ...thoughts})
    await server.close()
  })
})

describe('an answer that must satisfy a schema', () => {
  const whole = answerWith([JSON.stringify({choices: [{message: {content: '{"size": 42}'}, finish_reason: 'stop'}]})], JSON_BODY)
  const send = async (request: Partial<ToolGenerationRequest>) => {
    const {text, sent} = await ask(plugin, whole, {...QUESTION, schema: SCHEMA, ...request})
    expect(JSON.parse(text)).toEqual({size: 42})
    return JSON.parse(sent.body)
  }

  it('is asked for as a whole, by the schema where the model takes one', async () => {
    const {stream, response_format, messages} = await send({model: 'openai/gpt-oss-20b', tools: []})
    expect([stream, response_format]).toEqual([false, {type: 'json_schema', json_schema: {name: 'answer', schema: SCHEMA, strict: true}}])
    expect(messages).toEqual(QUESTION.messages)
  })

  it('is asked for in words and JSON mode where it takes none', async () => {
    const {stream, response_format, messages} = await send({model: 'qwen/qwen3.8-27b', tools: []})
    expect([stream, response_format]).toEqual([false, {type: 'json_object'}])
    expect(messages[0].content).toContain(JSON.stringify(SCHEMA))
  })

  it.each(['openai/gpt-oss-20b', 'qwen/qwen3.8-27b'])('for %s is asked for in nothing but words beside tools', async (model) => {
    const body = await send({model})
    expect(body).toMatchObject({stream: true, tools: [expect.anything()]})
    expect(body).not.toHaveProperty('response_format')
    expect(body.messages[0].content).toContain(JSON.stringify(SCHEMA))
  })
})

describe('an error of Groq', () => {
  it.each([
    [401, 'Invalid API Key', 'invalid_request_error', 'invalid_api_key', 'denied', 'KEY_REFUSED'],
    [404, 'The model `m` does not exist or you do not have access to it.', 'invalid_request_error', 'model_not_found', 'usage', 'MODEL_UNKNOWN'],
    [400, 'The model `m` has been decommissioned', 'invalid_request_error', 'model_decommissioned', 'usage', 'REQUEST_REFUSED'],
    [400, 'Please reduce the length of the messages or completion.', 'invalid_request_error', 'context_length_exceeded', 'usage', 'CONTEXT_TOO_LONG'],
    [413, 'Request too large for model `m` on tokens per minute (TPM): Limit 8000', 'tokens', 'rate_limit_exceeded', 'usage', 'CONTEXT_TOO_LONG'],
    [413, 'Request Entity Too Large', 'invalid_request_error', 'request_too_large', 'usage', 'REQUEST_REFUSED'],
    [429, 'Rate limit reached for model `m`', 'requests', 'rate_limit_exceeded', 'busy', 'RATE_LIMIT'],
    [498, 'Flex tier capacity exceeded', 'invalid_request_error', 'capacity_exceeded', 'busy', 'PROVIDER_FAILED'],
    [503, 'Service unavailable', 'internal_server_error', 'service_unavailable', 'busy', 'PROVIDER_FAILED'],
  ])('%i %s', async (status, message, type, code, kind, expected) => {
    const {error} = await ask(plugin, answerWith([JSON.stringify({error: {message, type, code}})], {...JSON_BODY, status}))
    expect(error).toMatchObject({kind, code: expected, message: expect.stringContaining(message)})
    // The words, not the JSON around them.
    expect(error?.message).not.toContain('{')
  })

  const FAILED = {
    message: "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
    type: 'invalid_request_error',
    code: 'tool_use_failed',
    failed_generation: '<function=weather{"location": ',
  }

  it.each([
    ['in place of it', answerWith([JSON.stringify({error: FAILED})], {...JSON_BODY, status: 400})],
    ['before it', answerWith([chunk({delta: {role: 'assistant', content: null}}), `event: error\n${sse({error: FAILED})}`], STREAM)],
  ])('a call written wrongly, told %s, is asked for again', async (_, failed) => {
    const server = await new FakeServer().start()
    server.reply(failed, answer({content: 'Regen'}))
    const provider = await openProvider(plugin, server, {retries: 1})
    expect((await provider.generateWithTools(QUESTION)).text).toBe('Regen')
    await server.close()
  })

  it('after text ends the answer', async () => {
    const broken = `event: error\n${sse({error: {message: 'Over capacity', type: 'internal_server_error'}})}`
    const {error, text} = await ask(plugin, answerWith([chunk({delta: {content: 'Es reg'}}), broken], STREAM), QUESTION, {retries: 3})
    expect([text, error?.kind]).toEqual(['Es reg', 'unavailable'])
    expect(error?.message).toContain('Over capacity')
  })
})

describe('the key', () => {
  it('stands in no error, even where Groq repeats it', async () => {
    const body = JSON.stringify({error: {message: `Invalid API Key ${KEY}`, type: 'invalid_request_error', code: 'invalid_api_key'}})
    const {error} = await ask(plugin, answerWith([body], {...JSON_BODY, status: 401}))
    expect(error?.code).toBe('KEY_REFUSED')
    expect(JSON.stringify([error, error?.message, String(error?.cause)])).not.toContain(KEY)
  })

  it('may be absent, for a proxy that has it', async () => {
    const {text, sent} = await ask(plugin, answer({content: 'Hallo'}), QUESTION, {apiKey: undefined})
    expect(text).toBe('Hallo')
    expect(sent.headers).not.toHaveProperty('authorization')
  })
})

describe('what is refused before anything is sent', () => {
  it.each([
    ['an image for a model of text', 'openai/gpt-oss-120b', 'image/png', /takes no images: a/],
    ['a PDF', 'qwen/qwen3.8-27b', 'application/pdf', /application\/pdf/],
  ])('%s', async (_, model, mediaType, message) => {
    const content = [{type: 'attachment', name: 'a', mediaType, data: new Uint8Array([1])}] as const
    const {error, sent} = await ask(plugin, answer({content: 'no'}), {...QUESTION, model, messages: [{role: 'user', content: [...content]}]})
    expect(error).toMatchObject({kind: 'usage', message: expect.stringMatching(message)})
    expect(sent).toBeUndefined()
  })
})

it('the models are listed with the length of their context', async () => {
  const server = await new FakeServer().start()
  const data = [{id: 'openai/gpt-oss-120b', object: 'model', owned_by: 'OpenAI', active: true, context_window: 131_072, max_completion_tokens: 65_536}]
  server.reply(answerWith([JSON.stringify({object: 'list', data})], JSON_BODY))
  expect(await (await openProvider(plugin, server)).listModels()).toEqual([{id: 'openai/gpt-oss-120b', contextTokens: 131_072}])
  expect(server.requests[0]!.path).toBe('/v1/models')
  await server.close()
})
