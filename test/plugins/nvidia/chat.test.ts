import {describe, expect, it} from '@jest/globals'
import type {Message} from '../../../src/core/providers/provider.js'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import {HOSTED_URL, withStatus} from '../../../src/plugins/nvidia/failures.js'
import nvidia from '../../../src/plugins/nvidia/plugin.js'
import {ask, openProvider, QUESTION} from '../../fixtures/replay.js'
import {chunk} from '../openai/openai-wire.js'

const plugin = await nvidia()
const STREAM = {contentType: 'text/event-stream'}
const JSON_BODY = {contentType: 'application/json'}
const DONE = 'data: [DONE]\n\n'
const SCHEMA = {type: 'object', properties: {}, additionalProperties: false}

const say = (text: string) => answerWith([chunk({delta: {content: text}}), chunk({delta: {}, finish_reason: 'stop'}), DONE], STREAM)

describe('a refusal', () => {
  it.each([
    [404, {status: 404, title: 'Not Found', detail: "Function '23d4': Not found for account 'Q7'"}, 'MODEL_UNKNOWN', 'Not found for account'],
    [410, {status: 410, title: 'Gone', detail: "The model 'm' has reached its end of life"}, 'MODEL_UNKNOWN', 'end of life'],
    [400, {status: 400, title: 'Bad Request', detail: "Function id '87ea': DEGRADED function cannot be invoked"}, 'PROVIDER_FAILED', 'DEGRADED'],
    [400, 'Validation: Unsupported parameter(s): `top_k`', 'REQUEST_REFUSED', 'top_k'],
    [402, {status: 402, title: 'Payment Required', detail: 'Cloud credits expired'}, 'QUOTA_EXCEEDED', 'credits expired'],
    [403, {status: 403, title: 'Forbidden', detail: 'Authorization failed'}, 'KEY_REFUSED', 'Authorization failed'],
    [429, {status: 429, title: 'Too Many Requests'}, 'RATE_LIMIT', 'requests: Too Many Requests'],
  ])('%d %j', async (status, body, code, said) => {
    const {error} = await ask(plugin, answerWith([typeof body === 'string' ? body : JSON.stringify(body)], {...JSON_BODY, status}))
    expect(error).toMatchObject({code, message: expect.stringContaining(said)})
  })

  it('with 404 is about the model at NVIDIA itself, and about the address elsewhere', () => {
    const failure = {status: 404, message: '404 page not found'}
    expect(withStatus(failure, HOSTED_URL)).toMatchObject({status: 404, code: 'model_not_found'})
    expect(withStatus(failure, 'http://gpu-1:8000')).toBe(failure)
  })
})

describe('a container', () => {
  it('needs no key', async () => {
    expect((await ask(plugin, say('Hallo'), QUESTION, {apiKey: undefined})).sent.headers).not.toHaveProperty('authorization')
  })

  it('says how much its models read', async () => {
    const server = await new FakeServer().start()
    server.reply(answerWith([JSON.stringify({object: 'list', data: [{id: 'nvidia/nemotron-3-nano', root: 'x', max_model_len: 262_144}]})], JSON_BODY))
    expect(await (await openProvider(plugin, server)).listModels()).toEqual([{id: 'nvidia/nemotron-3-nano', contextTokens: 262_144}])
    await server.close()
  })
})

describe('a schema', () => {
  const request = {model: 'maker/model', messages: QUESTION.messages, schema: SCHEMA}
  const refuse = (message: string) => answerWith([JSON.stringify({object: 'error', message, type: 'BadRequestError', code: 400})], {...JSON_BODY, status: 400})

  it("is said in NVIDIA's own words to a server that knows no others, and from then on", async () => {
    const server = await new FakeServer().start()
    server.reply(refuse("[{'loc': ('body', 'response_format', 'type'), 'msg': 'unexpected value'}]"), say('{}'), say('{}'))
    const provider = await openProvider(plugin, server)
    for (const _ of [1, 2]) expect((await provider.generate(request)).text).toBe('{}')
    const sent = server.requests.map(({body}) => JSON.parse(body))
    expect(sent.map(({nvext, response_format}) => [nvext?.guided_json, response_format?.type])).toEqual([
      [undefined, 'json_schema'],
      [SCHEMA, undefined],
      [SCHEMA, undefined],
    ])
    await server.close()
  })

  it('is not said again where something else was refused', async () => {
    const server = await new FakeServer().start()
    server.reply(refuse('bad top_p'))
    await expect((await openProvider(plugin, server)).generate(request)).rejects.toMatchObject({code: 'REQUEST_REFUSED'})
    expect(server.requests.length).toBe(1)
    await server.close()
  })
})

describe('thoughts before a tool call', () => {
  it.each(['reasoning', 'reasoning_content'])('in %s go back in it', async (field) => {
    const server = await new FakeServer().start()
    const call = {index: 0, id: 'chatcmpl-tool-1', type: 'function', function: {name: 'weather', arguments: '{}'}}
    const thinks = answerWith(
      [chunk({delta: {[field]: 'Hm.'}}), chunk({delta: {tool_calls: [call]}}), chunk({delta: {}, finish_reason: 'tool_calls'}), DONE],
      STREAM,
    )
    server.reply(thinks, say('Regen'))
    const provider = await openProvider(plugin, server)
    const {message} = await provider.generateWithTools(QUESTION)
    const answered: Message[] = [...QUESTION.messages, message, {role: 'tool', toolCallId: 'chatcmpl-tool-1', content: 'rain'}]
    await provider.generateWithTools({...QUESTION, messages: answered})
    const {reasoning, reasoning_content} = JSON.parse(server.requests[1]?.body ?? '').messages[1]
    expect({reasoning, reasoning_content}).toEqual({reasoning: undefined, reasoning_content: undefined, [field]: 'Hm.'})
    await server.close()
  })
})

describe('a model of text alone', () => {
  it('is sent no image', async () => {
    const image = {type: 'attachment', name: 'a.png', mediaType: 'image/png', data: Buffer.from('x')} as const
    const {error, sent} = await ask(plugin, say('Hallo'), {...QUESTION, model: 'openai/gpt-oss-20b', messages: [{role: 'user', content: [image]}]})
    expect(error).toMatchObject({kind: 'usage', message: expect.stringContaining('a.png')})
    expect(sent).toBeUndefined()
  })
})
