import {expect, test} from '@jest/globals'
import type {AdapterEvent} from '../../../src/core/providers/answer-assembler.js'
import type {ChatRequest} from '../../../src/core/providers/provider.js'
import {ProviderError} from '../../../src/core/providers/provider-error.js'
import type {Question} from '../../../src/core/sessions/ask-model.js'
import {type Asked, finish, ScriptedUser, say, type Turn} from '../../fixtures/scripted-user.js'
import {describeStores} from '../../fixtures/stores.js'

const call = (name: string, args: string, id = 'call_a'): AdapterEvent[] => [
  {type: 'tool_call_start', id, name},
  {type: 'tool_call_delta', id, arguments: args},
  {type: 'tool_call_end', id},
]
const weather = {name: 'weather', parameters: {type: 'object', properties: {city: {type: 'string'}}, required: ['city']}}

describeStores('asking a model', (newStore) => {
  async function ask(turns: Turn[], question: Partial<Question> = {}): Promise<Omit<Asked, 'requests'> & {requests: ChatRequest[]}> {
    const {requests, ...asked} = await new ScriptedUser(await newStore()).ask({scripted: turns}, {question})
    return {...asked, requests: requests.scripted ?? []}
  }

  test('keeps question and answer as a session', async () => {
    const {answer, sessions} = await ask(
      [
        [
          {type: 'reasoning', text: 'hm', signature: {opaque: 1}},
          {type: 'text', text: 'be'},
          {type: 'text', text: 'cause \u0000 ✓'},
          {type: 'usage', usage: {inputTokens: 3, outputTokens: 2}},
          finish('stop'),
        ],
      ],
      {system: 'be brief', attachments: [{type: 'attachment', name: 'dot.png', mediaType: 'image/png', data: Buffer.from('png')}]},
    )
    expect(answer).toMatchObject({text: 'because \u0000 ✓', reasoning: 'hm', finishReason: 'stop', usage: {inputTokens: 3, outputTokens: 2}})
    expect(answer).not.toHaveProperty('problem')
    expect(sessions.map((row) => [row.id, row.seq, row.role, row.finish_reason])).toEqual([
      [answer?.sessionId, 1, 'system', null],
      [answer?.sessionId, 2, 'user', null],
      [answer?.sessionId, 3, 'assistant', 'stop'],
    ])
    expect(sessions[0]).toMatchObject({title: 'what?', provider: 'scripted', model: 'wise', client: 'cli'})
    const contents = sessions.map((row) => JSON.parse(String(row.content)).content)
    expect(contents[1]).toEqual([
      {type: 'attachment', name: 'dot.png', mediaType: 'image/png', data: Buffer.from('png').toString('base64')},
      {type: 'text', text: 'what?'},
    ])
    expect(contents[2]).toEqual([
      {type: 'reasoning', text: 'hm', signature: {opaque: 1}},
      {type: 'text', text: 'because \u0000 ✓'},
    ])
    expect(JSON.parse(String(sessions[2]?.usage))).toEqual({inputTokens: 3, outputTokens: 2})
  })

  test('keeps what had come when the answer is cut off, and nothing of a request that was refused', async () => {
    const cut = await ask([[{type: 'text', text: 'half of'}]])
    expect(cut.error).toMatchObject({code: 'STREAM_CUT', kind: 'unavailable'})
    expect(cut.sessions.map((row) => [row.role, row.finish_reason, JSON.parse(String(row.content)).content])).toEqual([
      ['user', null, 'what?'],
      ['assistant', 'error', [{type: 'text', text: 'half of'}]],
    ])
    const refused = await ask([[new ProviderError('denied', 'no', {code: 'KEY_REFUSED'})]])
    expect(refused.error).toMatchObject({code: 'KEY_REFUSED'})
    expect(refused.sessions).toEqual([])
  })

  test('tells a model what is wrong with its tool calls, until they are right', async () => {
    const {answer, requests, sessions} = await ask(
      [
        [...call('weather', '{"city":', 'a'), ...call('wether', '{}', 'b'), finish('tool_calls')],
        [...call('weather', '{"city":1}', 'c'), ...call('weather', '{"city":"Rome"}', 'd'), finish('tool_calls')],
        [...call('weather', '{"city":"Bern"}', 'e'), finish('tool_calls')],
      ],
      {tools: [weather]},
    )
    expect(answer?.toolCalls).toEqual([{type: 'tool_call', id: 'e', name: 'weather', arguments: '{"city":"Bern"}'}])
    expect(answer).not.toHaveProperty('problem')
    const told = requests.at(-1)?.messages.flatMap((message) => (message.role === 'tool' ? [[message.toolCallId, message.content]] : []))
    expect(told).toEqual([
      ['a', expect.stringMatching(/^the arguments are not JSON/)],
      ['b', 'there is no tool "wether"; there are: weather'],
      ['c', expect.stringMatching(/city must be string/)],
      ['d', expect.stringMatching(/^not run/)],
    ])
    expect(sessions.map((row) => [row.seq, row.role, row.finish_reason])).toEqual([
      [1, 'user', null],
      [2, 'assistant', 'tool_calls'],
      [3, 'tool', null],
      [4, 'tool', null],
      [5, 'assistant', 'tool_calls'],
      [6, 'tool', null],
      [7, 'tool', null],
      [8, 'assistant', 'tool_calls'],
    ])
  })

  test('gives up on a model that goes on calling wrongly', async () => {
    const wrong: Turn = [...call('weather', 'Bern'), finish('tool_calls')]
    const {answer, requests} = await ask([wrong, wrong, wrong, wrong], {tools: [weather]})
    expect(requests).toHaveLength(3)
    expect(answer?.problem).toMatchObject({code: 'TOOL_CALL_INVALID', message: expect.stringContaining('weather')})
    expect(new Set(requests.at(-1)?.messages.flatMap((message) => (message.role === 'tool' ? [message.toolCallId] : []))).size).toBe(2)
  })

  test.each([
    ['length', 'ANSWER_CUT'],
    ['content_filter', 'ANSWER_FILTERED'],
    ['refusal', 'ANSWER_REFUSED'],
  ] as const)('says that an answer that ended with %s is not whole', async (reason, code) => {
    const {answer, sessions} = await ask([[{type: 'text', text: 'so'}, finish(reason)]])
    expect(answer).toMatchObject({text: 'so', finishReason: reason, problem: {code}})
    expect(sessions.at(-1)).toMatchObject({role: 'assistant', finish_reason: reason})
  })

  const LIST = {type: 'array', items: {type: 'string'}, minItems: 2}

  test('tells a model what its answer lacks of the schema, and tells the user only the answer that counts', async () => {
    const {answer, events, requests, sessions} = await ask([say('a, b'), say('["a"]'), say('["a","b"]')], {schema: LIST})
    expect(answer).toMatchObject({text: '["a","b"]'})
    expect(answer).not.toHaveProperty('problem')
    expect(events).toEqual([
      {type: 'text', text: '["a","b"]'},
      {type: 'finish', reason: 'stop'},
    ])
    const told = requests.at(-1)?.messages.flatMap((message) => (message.role === 'user' ? [message.content] : []))
    expect(told).toEqual(['what?', expect.stringMatching(/not JSON/), expect.stringMatching(/fewer than 2 items/)])
    expect(sessions.map((row) => row.role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user', 'assistant'])
  })

  test('gives up on a model that goes on missing the schema', async () => {
    const {answer, events, requests} = await ask([say('no'), say('no'), say('no'), say('["a","b"]')], {schema: LIST})
    expect(requests).toHaveLength(3)
    expect(answer?.problem).toMatchObject({code: 'SCHEMA_MISMATCH', message: expect.stringContaining('not JSON')})
    expect(events).toContainEqual({type: 'text', text: 'no'})
  })
})
