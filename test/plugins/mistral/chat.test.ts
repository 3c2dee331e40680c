import {describe, expect, it} from '@jest/globals'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import mistral from '../../../src/plugins/mistral/plugin.js'
import {ask, openProvider, QUESTION} from '../../fixtures/replay.js'

const plugin = await mistral()
const JSON_BODY = {contentType: 'application/json'}

describe('a refusal of Mistral', () => {
  it.each([
    [400, {object: 'error', message: 'Invalid model: m', type: 'invalid_model', param: null, code: '1500'}, 'MODEL_UNKNOWN', 'Invalid model'],
    [401, {message: 'Unauthorized', request_id: '1'}, 'KEY_REFUSED', 'Unauthorized'],
    [401, {detail: 'Unauthorized'}, 'KEY_REFUSED', 'Unauthorized'],
    [
      400,
      {object: 'error', message: 'reasoning_effort is not enabled for this model', type: 'invalid_request_invalid_args', code: '3051', raw_status_code: 400},
      'REQUEST_REFUSED',
      'reasoning_effort is not enabled',
    ],
    [
      422,
      {object: 'error', message: {detail: [{type: 'extra_forbidden', loc: ['body', 'top_k'], msg: 'Extra inputs are not permitted', input: 1}]}},
      'REQUEST_REFUSED',
      'body.top_k: Extra inputs are not permitted',
    ],
    [
      400,
      {object: 'error', message: 'Prompt contains 40000 tokens, too large for model with 32768 maximum context length', code: '3051'},
      'CONTEXT_TOO_LONG',
      '32768',
    ],
    [
      429,
      {object: 'error', message: 'Service tier capacity exceeded for this model.', type: 'service_tier_capacity_exceeded', code: '3505'},
      'RATE_LIMIT',
      'capacity',
    ],
  ])('%d %j', async (status, body, code, said) => {
    const {error} = await ask(plugin, answerWith([JSON.stringify(body)], {...JSON_BODY, status}))
    expect(error).toMatchObject({code, message: expect.stringContaining(said)})
    expect(error?.message).not.toMatch(/[{}]/)
  })
})

describe('a model of text alone', () => {
  it('is sent no image', async () => {
    const image = {type: 'attachment', name: 'a.png', mediaType: 'image/png', data: Buffer.from('x')} as const
    const {error, sent} = await ask(plugin, answerWith([], JSON_BODY), {...QUESTION, model: 'codestral-latest', messages: [{role: 'user', content: [image]}]})
    expect(error).toMatchObject({kind: 'usage', message: expect.stringContaining('a.png')})
    expect(sent).toBeUndefined()
  })
})

describe('the list of models', () => {
  it('has those with which one can chat, and how much they read', async () => {
    const data = [
      {id: 'mistral-large-4', object: 'model', capabilities: {completion_chat: true, vision: true}, max_context_length: 1_048_576, aliases: []},
      {id: 'mistral-embed', object: 'model', capabilities: {completion_chat: false}, max_context_length: 8192},
      {id: 'ft:open-mistral-7b:1', object: 'model'},
    ]
    const server = await new FakeServer().start()
    server.reply(answerWith([JSON.stringify({object: 'list', data})], JSON_BODY))
    const models = await (await openProvider(plugin, server)).listModels()
    expect(models).toEqual([{id: 'mistral-large-4', contextTokens: 1_048_576}, {id: 'ft:open-mistral-7b:1'}])
    await server.close()
  })
})
