import {describe, expect, test} from '@jest/globals'
import type {Attachment, GenerationRequest, Message, ToolDefinition} from '../../../src/core/providers/provider.js'
import {answers, collect, OllamaServer, refuses} from './ollama-server.js'

const WEATHER: ToolDefinition = {
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: {type: 'object', properties: {city: {type: 'string'}}, required: ['city']},
}
const ask = (request: Partial<GenerationRequest> = {}): GenerationRequest => ({model: 'qwen3:8b', messages: [{role: 'user', content: 'Hi'}], ...request})
const attach = (name: string, mediaType: string, data: Uint8Array | string): Attachment => ({type: 'attachment', name, mediaType, data: Buffer.from(data)})

describe('a request to Ollama', () => {
  test('has the model and the messages, and nothing that was not asked for', async () => {
    await using server = await OllamaServer.start(answers([{content: 'Hello'}]))
    const provider = await server.open()
    await provider.generate(ask({messages: [{role: 'system', content: 'Be brief.'}, ...ask().messages]}))
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]?.route).toBe('POST /api/chat')
    expect(server.requests[0]?.headers.authorization).toBeUndefined()
    expect(server.requests[0]?.body).toEqual({
      model: 'qwen3:8b',
      messages: [
        {role: 'system', content: 'Be brief.'},
        {role: 'user', content: 'Hi'},
      ],
      stream: true,
    })
  })

  test('carries limits, schema, settings and key', async () => {
    await using server = await OllamaServer.start(answers([{content: '{"a":1}'}]))
    const schema = {type: 'object', properties: {a: {type: 'integer'}}}
    const provider = await server.open({num_ctx: 16_384, keep_alive: '30m'}, {apiKey: 'a-key-of-mine'})
    await provider.generate(ask({maxTokens: 100, temperature: 0, schema}))
    expect(server.requests[0]?.headers.authorization).toBe('Bearer a-key-of-mine')
    expect(server.requests[0]?.body).toEqual({
      ...ask(),
      stream: true,
      format: schema,
      keep_alive: '30m',
      options: {num_ctx: 16_384, num_predict: 100, temperature: 0},
    })
  })

  test('gives a keep_alive without a unit as the number that Ollama takes for seconds', async () => {
    await using server = await OllamaServer.start(answers([{content: 'Hello'}]))
    await (await server.open({keep_alive: '-1'})).generate(ask())
    expect(server.requests[0]?.body).toHaveProperty('keep_alive', -1)
  })

  test.each([
    [{effort: 'none'}, false],
    [{effort: 'low'}, 'low'],
    [{effort: 'high', budget: 100}, 'high'],
    [{budget: 1000}, 'low'],
    [{budget: 5000}, 'medium'],
    [{budget: 20_000}, 'high'],
    [undefined, undefined],
  ] as const)('asks for reasoning %j as think %j', async (reasoning, think) => {
    await using server = await OllamaServer.start(answers([{content: 'Hello'}]))
    await (await server.open()).generate(ask({reasoning}))
    expect(server.requests[0]?.body.think).toBe(think)
  })

  test('asks once more, with think on, when the model knows no levels, and remembers that', async () => {
    const refusal = refuses(400, 'think value "high" is not supported for this model')
    await using server = await OllamaServer.start(refusal, answers([{thinking: 'Hm.'}, {content: 'Hello'}]))
    const provider = await server.open()
    for (const _ of [1, 2]) {
      const {reasoning, text} = await provider.generate(ask({reasoning: {effort: 'high'}}))
      expect({reasoning, text}).toEqual({reasoning: 'Hm.', text: 'Hello'})
    }
    expect(server.requests.map(({body}) => body.think)).toEqual(['high', true, true])
  })

  test('sends images as base64, and text documents in the text, in their order', async () => {
    await using server = await OllamaServer.start(answers([{content: 'A cat'}]))
    const content = [
      {type: 'text', text: 'Compare'} as const,
      attach('cat.png', 'image/png', new Uint8Array([0xff, 0x00, 0x89])),
      attach('notes.md', 'text/markdown', '# Katzen\nüber'),
    ]
    await (await server.open()).generate(ask({messages: [{role: 'user', content}]}))
    expect(server.requests[0]?.body).toHaveProperty('messages', [
      {role: 'user', content: 'Compare\n\n<document name="notes.md">\n# Katzen\nüber\n</document>', images: ['/wCJ']},
    ])
  })

  test.each([
    attach('paper.pdf', 'application/pdf', '%PDF-1.7'),
    attach('data.bin', 'application/octet-stream', new Uint8Array([0xff, 0xfe, 0x00])),
    attach('zeros', 'text/plain', 'a\0b'),
  ])('is not sent with $name, which is neither image nor text', async (attachment) => {
    await using server = await OllamaServer.start(answers([{content: 'never'}]))
    const refused = (await server.open()).generate(ask({messages: [{role: 'user', content: [attachment]}]}))
    await expect(refused).rejects.toMatchObject({kind: 'usage', code: 'REQUEST_INVALID', message: expect.stringContaining(attachment.name)})
    expect(server.requests).toEqual([])
  })

  test('gives tool results the name of the tool and the id of the call', async () => {
    await using server = await OllamaServer.start(answers([{content: 'Rain'}]))
    const messages: Message[] = [
      {role: 'user', content: 'Weather?'},
      {
        role: 'assistant',
        content: [
          {type: 'reasoning', text: 'I need the tool.', signature: 'of another provider'},
          {type: 'text', text: 'Let me see.'},
          {type: 'tool_call', id: 'call_1', name: 'get_weather', arguments: '{"city":"Bern"}'},
          {type: 'tool_call', id: 'call_2', name: 'get_weather', arguments: '{"city":', problem: 'the arguments are not JSON'},
        ],
      },
      {role: 'tool', toolCallId: 'call_1', content: 'rain'},
      {role: 'tool', toolCallId: 'call_2', content: 'the arguments are not JSON', isError: true},
    ]
    await (await server.open()).generateWithTools({...ask({messages}), tools: [WEATHER]})
    expect(server.requests[0]?.body).toEqual({
      model: 'qwen3:8b',
      stream: true,
      tools: [{type: 'function', function: WEATHER}],
      messages: [
        {role: 'user', content: 'Weather?'},
        {
          role: 'assistant',
          content: 'Let me see.',
          thinking: 'I need the tool.',
          tool_calls: [
            {id: 'call_1', function: {name: 'get_weather', arguments: {city: 'Bern'}}},
            {id: 'call_2', function: {name: 'get_weather', arguments: {}}},
          ],
        },
        {role: 'tool', content: 'rain', tool_name: 'get_weather', tool_call_id: 'call_1'},
        {role: 'tool', content: 'Error: the arguments are not JSON', tool_name: 'get_weather', tool_call_id: 'call_2'},
      ],
    })
  })

  test('offers no tools when none may be chosen, and is refused when one must be', async () => {
    await using server = await OllamaServer.start(answers([{content: 'Hello'}]))
    const provider = await server.open()
    await provider.generateWithTools({...ask(), tools: [WEATHER], toolChoice: 'none'})
    expect(server.requests[0]?.body).not.toHaveProperty('tools')
    const forced = provider.generateWithTools({...ask(), tools: [WEATHER], toolChoice: 'required'})
    await expect(forced).rejects.toMatchObject({kind: 'usage', code: 'REQUEST_INVALID'})
    expect(server.requests).toHaveLength(1)
  })
})

describe('an answer of Ollama', () => {
  test('is reasoning, text, usage and a reason', async () => {
    const done = {prompt_eval_count: 26, eval_count: 11, total_duration: 5}
    await using server = await OllamaServer.start(answers([{thinking: 'Hm'}, {thinking: '!', content: 'Hel'}, {content: 'lo'}], done))
    expect(await collect((await server.open()).stream(ask()))).toEqual([
      {type: 'reasoning', text: 'Hm'},
      {type: 'reasoning', text: '!'},
      {type: 'text', text: 'Hel'},
      {type: 'text', text: 'lo'},
      {type: 'usage', usage: {inputTokens: 26, outputTokens: 11}},
      {type: 'finish', reason: 'stop'},
    ])
  })

  test.each([
    ['length', 'length'],
    ['stop', 'stop'],
    [undefined, 'stop'],
    ['something new', 'stop'],
  ])('that is done because of %s finishes with %s', async (done_reason, reason) => {
    await using server = await OllamaServer.start(answers([{content: 'Hello'}], {done_reason}))
    expect((await collect((await server.open()).stream(ask()))).at(-1)).toEqual({type: 'finish', reason})
  })

  test.each(['load', 'unload'])('that is no answer, only a model to %s, is an error', async (done_reason) => {
    await using server = await OllamaServer.start(answers([], {done_reason}))
    await expect((await server.open()).generate(ask())).rejects.toMatchObject({kind: 'unavailable', code: 'PROVIDER_FAILED'})
  })

  test('has tool calls with ids of their own, whether Ollama gives them or not', async () => {
    const call = (city: unknown) => ({function: {name: 'get_weather', arguments: {city}}})
    const messages = [{tool_calls: [call('Bern'), call(7)]}, {tool_calls: [{id: 'call_ab12', ...call('Genf')}]}]
    await using server = await OllamaServer.start(answers(messages))
    const {toolCalls, finishReason} = await (await server.open()).generateWithTools({...ask(), tools: [WEATHER]})
    expect(finishReason).toBe('tool_calls')
    expect(toolCalls.map((toolCall) => toolCall.arguments)).toEqual(['{"city":"Bern"}', '{"city":7}', '{"city":"Genf"}'])
    expect(toolCalls[1]?.problem).toContain('city')
    expect(toolCalls[2]?.id).toBe('call_ab12')
    expect(new Set(toolCalls.map(({id}) => id)).size).toBe(3)
  })

  test('with a tool call that was cut short by the limit says so', async () => {
    const call = {function: {name: 'get_weather', arguments: {city: 'Bern'}}}
    await using server = await OllamaServer.start(answers([{tool_calls: [call]}], {done_reason: 'length'}))
    expect((await (await server.open()).generateWithTools({...ask(), tools: [WEATHER]})).finishReason).toBe('length')
  })
})
