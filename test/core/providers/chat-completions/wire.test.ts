import {describe, expect, it} from '@jest/globals'
import {fitsStrictMode} from '../../../../src/core/providers/chat-completions/strict-schema.js'
import {toWireRequest} from '../../../../src/core/providers/chat-completions/wire.js'
import type {ChatRequest, Message} from '../../../../src/core/providers/provider.js'

const WEATHER = {name: 'weather', description: 'of a city', parameters: {type: 'object'}}
const STRICT = {type: 'object', properties: {a: {type: 'string'}}, required: ['a'], additionalProperties: false}

function toWire(request: Partial<ChatRequest>) {
  return toWireRequest({model: 'm', messages: [{role: 'user', content: 'Hi'}], tools: [], toolChoice: 'auto', ...request})
}

function toWireMessages(messages: Message[]) {
  return toWire({messages}).messages
}

describe('reasoning', () => {
  it.each([
    [{effort: 'none'}, 'none'],
    [{effort: 'low', budget: 20_000}, 'low'],
    [{budget: 1000}, 'low'],
    [{budget: 4096}, 'medium'],
    [{budget: 20_000}, 'high'],
    [{}, undefined],
  ] as const)('%j is asked for as %s', (reasoning, effort) => {
    expect(toWire({reasoning}).reasoning_effort).toBe(effort)
  })
})

describe('tools', () => {
  it.each([
    ['auto', undefined],
    ['none', 'none'],
    ['required', 'required'],
    [{name: 'weather'}, {type: 'function', function: {name: 'weather'}}],
  ] as const)('the choice %j is sent as %j', (toolChoice, sent) => {
    expect(toWire({tools: [WEATHER], toolChoice}).tool_choice).toEqual(sent)
  })

  it('go without a choice where there are none', () => {
    expect(toWire({toolChoice: 'none'})).not.toHaveProperty('tool_choice')
  })
})

describe('a schema', () => {
  it.each([
    [STRICT, true],
    [{...STRICT, properties: {a: {anyOf: [{type: 'null'}, STRICT]}, b: {type: 'array', items: STRICT}}, required: ['b', 'a']}, true],
    [{...STRICT, $defs: {x: STRICT}, properties: {a: {$ref: '#/$defs/x'}}}, true],
    [{...STRICT, required: []}, false],
    [{...STRICT, additionalProperties: true}, false],
    [{...STRICT, properties: {a: {type: 'object', properties: {}}}}, false],
    [{...STRICT, properties: {a: {type: ['object', 'null'], properties: {}}}}, false],
    [{...STRICT, properties: {a: {type: 'array', items: {type: 'object'}}}}, false],
    [{...STRICT, properties: {a: {type: 'string', minLength: 1}}}, false],
    [{...STRICT, $defs: {x: {type: 'object'}}}, false],
    [{type: 'array', items: STRICT}, false],
    [{type: 'object', anyOf: [STRICT]}, false],
    [{}, false],
  ])('%j: strict mode %s', (schema, strict) => {
    expect(fitsStrictMode(schema)).toBe(strict)
    expect(toWire({schema}).response_format).toEqual({type: 'json_schema', json_schema: {name: 'answer', schema, strict}})
  })
})

describe('attachments', () => {
  const attach = (name: string, mediaType: string, text: string) => ({type: 'attachment' as const, name, mediaType, data: new TextEncoder().encode(text)})
  const contentOf = (...parts: Extract<Message, {role: 'user'}>['content'][number][]) =>
    toWireMessages([{role: 'user', content: parts as Extract<Message, {role: 'user'}>['content']}])[0]?.content

  it('images are data URLs', () => {
    expect(contentOf({type: 'text', text: 'See'}, attach('a.jpg', 'image/jpeg', 'ÿ'))).toEqual([
      {type: 'text', text: 'See'},
      {type: 'image_url', image_url: {url: 'data:image/jpeg;base64,w78='}},
    ])
  })

  it('PDFs are files', () => {
    expect(contentOf(attach('a.pdf', 'application/pdf', '%PDF'))).toEqual([
      {type: 'file', file: {filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERg=='}},
    ])
  })

  it.each(['text/markdown', 'application/json', 'application/ld+json', 'application/yaml'])('%s is text, in one string with the question', (mediaType) => {
    expect(contentOf({type: 'text', text: 'Sum it up'}, attach('a.txt', mediaType, 'Größe'))).toBe('Sum it up\n\na.txt:\nGröße')
  })

  it('anything else is refused', () => {
    expect(() => contentOf(attach('a.docx', 'application/msword', 'x'))).toThrow(/a\.docx.*application\/msword/)
  })
})

describe('an earlier answer', () => {
  const call = {type: 'tool_call', id: 'c1', name: 'weather', arguments: '{"a": 1}'} as const
  const thought = {type: 'reasoning', text: 'Hm', signature: {field: 'reasoning_content'}} as const
  const answer = (...content: Extract<Message, {role: 'assistant'}>['content'][number][]) =>
    toWireMessages([{role: 'assistant', content: content as Extract<Message, {role: 'assistant'}>['content']}])[0]

  it('goes back with its calls as the model wrote them', () => {
    expect(answer({type: 'text', text: 'Wait.'}, call)).toEqual({
      role: 'assistant',
      content: 'Wait.',
      tool_calls: [{id: 'c1', type: 'function', function: {name: 'weather', arguments: '{"a": 1}'}}],
    })
  })

  it('without text has none', () => {
    expect(answer(call)).toMatchObject({content: null})
  })

  it.each([
    ['{"a": 1', 'the arguments are not JSON', '{}'],
    ['{"a": 1}', 'the arguments do not satisfy the schema', '{"a": 1}'],
  ])('with the arguments %s, since %s, goes back with %s', (text, problem, sent) => {
    expect(answer({...call, arguments: text, problem})).toMatchObject({tool_calls: [{function: {arguments: sent}}]})
  })

  it('goes back with its thoughts where they are signed', () => {
    expect(answer(thought, call)).toMatchObject({reasoning_content: 'Hm'})
    expect(answer({type: 'reasoning', text: 'Hm'}, call)).not.toHaveProperty('reasoning_content')
  })

  it('of a tool that failed says so', () => {
    expect(toWireMessages([{role: 'tool', toolCallId: 'c1', content: 'no such city', isError: true}])).toEqual([
      {role: 'tool', tool_call_id: 'c1', content: 'Error: no such city'},
    ])
  })
})
