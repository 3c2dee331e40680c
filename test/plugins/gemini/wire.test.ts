import {describe, expect, it} from '@jest/globals'
import type {AssistantPart, ChatRequest, JsonSchema, Message, ReasoningConfig} from '../../../src/core/providers/provider.js'
import {generationOf, mostTokensOf, pathOf} from '../../../src/plugins/gemini/models.js'
import {toGeminiSchema} from '../../../src/plugins/gemini/schema.js'
import {toWireRequest} from '../../../src/plugins/gemini/wire.js'

interface Wire {
  contents: {role: string; parts: object[]}[]
  systemInstruction?: object
  generationConfig?: {thinkingConfig?: object}
}

const HI: Message = {role: 'user', content: 'Hi'}
const toWire = (request: Partial<ChatRequest>): Wire =>
  toWireRequest({model: 'gemini-3.8-flash', messages: [HI], tools: [], toolChoice: 'auto', ...request}) as Wire
const UNSIGNED = 'skip_thought_signature_validator'
const call = (id: string, text = '{}', signature?: unknown): AssistantPart => ({
  type: 'tool_call',
  id,
  name: 'look',
  arguments: text,
  ...(signature !== undefined && {signature}),
})
const wireCall = (id: string, thoughtSignature?: string, args = {}) => ({functionCall: {id, name: 'look', args}, ...(thoughtSignature && {thoughtSignature})})
const answerOf = (content: AssistantPart[], model = 'gemini-3.8-flash') => toWire({model, messages: [HI, {role: 'assistant', content}]}).contents[1]?.parts

describe('the messages of a conversation', () => {
  it('have their instructions apart, wherever they stand, and results of one answer together', () => {
    const messages: Message[] = [
      {role: 'system', content: 'Be brief.'},
      HI,
      {role: 'assistant', content: [call('a', '{"x":1}', 'sig'), call('b')]},
      {role: 'tool', toolCallId: 'b', content: 'two'},
      {role: 'tool', toolCallId: 'a', content: 'no', isError: true},
      {role: 'system', content: 'In German.'},
      {role: 'assistant', content: 'Gut.'},
      {role: 'user', content: 'Und nun?'},
    ]
    expect(toWire({messages})).toEqual({
      systemInstruction: {parts: [{text: 'Be brief.'}, {text: 'In German.'}]},
      contents: [
        {role: 'user', parts: [{text: 'Hi'}]},
        {role: 'model', parts: [wireCall('a', 'sig', {x: 1}), wireCall('b')]},
        {
          role: 'user',
          parts: [{functionResponse: {id: 'b', name: 'look', response: {output: 'two'}}}, {functionResponse: {id: 'a', name: 'look', response: {error: 'no'}}}],
        },
        {role: 'model', parts: [{text: 'Gut.'}]},
        {role: 'user', parts: [{text: 'Und nun?'}]},
      ],
    })
  })

  it('leave out an answer that was empty', () => {
    const messages: Message[] = [HI, {role: 'assistant', content: ''}, {role: 'assistant', content: [{type: 'text', text: ''}]}, HI]
    expect(toWire({messages}).contents.map(({role}) => role)).toEqual(['user', 'user'])
  })

  it.each(['[1]', 'Köln', '"x"', ''])('have an object for arguments that are none: %j', (text) => {
    expect(answerOf([call('a', text, 'sig')])).toEqual([wireCall('a', 'sig')])
  })

  it('carry images, PDFs, audio and text, each as Gemini takes it', () => {
    const files = [
      ['dot.png', 'image/png'],
      ['a.pdf', 'application/pdf'],
      ['a.mp3', 'audio/mpeg'],
    ] as const
    const data = new Uint8Array([0, 1, 255, 3]).subarray(1, 3)
    const content = files.map(([name, mediaType]) => ({type: 'attachment', name, mediaType, data}) as const)
    const text = {type: 'attachment', name: 'a.json', mediaType: 'application/json', data: Buffer.from('{"ö":1}')} as const
    expect(toWire({messages: [{role: 'user', content: [...content, text]}]}).contents[0]?.parts).toEqual([
      ...files.map(([, mimeType]) => ({inlineData: {mimeType, data: 'Af8='}})),
      {text: 'a.json:\n{"ö":1}'},
    ])
  })

  it('carry no other files', () => {
    const content = [{type: 'attachment', name: 'a.zip', mediaType: 'application/zip', data: new Uint8Array()}] as const
    expect(() => toWire({messages: [{role: 'user', content: [...content]}]})).toThrow(/a\.zip.*application\/zip/)
  })
})

describe('signatures', () => {
  const on = (kind: 'text' | 'thought', length: number, thoughtSignature = 'sig') => ({thoughtSignature, on: kind, length})

  it('go back on exactly the part they came with', () => {
    const content: AssistantPart[] = [
      {type: 'reasoning', text: 'Größer >', signature: on('thought', 2, 'one')},
      {type: 'text', text: '9,9 ≥ 9,11'},
      {type: 'reasoning', text: '', signature: on('text', 6, 'two')},
      {type: 'text', text: ' 👍🏽'},
      {type: 'reasoning', text: '', signature: on('text', 0, 'three')},
      call('a', '{}', 'four'),
      call('b'),
    ]
    expect(answerOf(content)).toEqual([
      {text: 'Größer', thought: true},
      {text: ' >', thought: true, thoughtSignature: 'one'},
      {text: '9,9 '},
      {text: '≥ 9,11', thoughtSignature: 'two'},
      {text: ' 👍🏽'},
      {text: '', thoughtSignature: 'three'},
      wireCall('a', 'four'),
      wireCall('b'),
    ])
  })

  it.each<[string, AssistantPart[], object[]]>([
    [
      'a whole text',
      [
        {type: 'text', text: 'Ja'},
        {type: 'reasoning', text: '', signature: on('text', 2)},
      ],
      [{text: 'Ja', thoughtSignature: 'sig'}],
    ],
    ['a whole thought', [{type: 'reasoning', text: 'Ja', signature: on('thought', 2)}], [{text: 'Ja', thought: true, thoughtSignature: 'sig'}]],
    ['a thought without words', [{type: 'reasoning', text: '', signature: on('thought', 0)}], [{text: '', thought: true, thoughtSignature: 'sig'}]],
    [
      'text without words after thoughts',
      [{type: 'reasoning', text: 'Hm', signature: on('text', 0)}],
      [
        {text: 'Hm', thought: true},
        {text: '', thoughtSignature: 'sig'},
      ],
    ],
    [
      'a text that has become shorter since',
      [
        {type: 'text', text: 'J'},
        {type: 'reasoning', text: '', signature: on('text', 2)},
      ],
      [{text: 'J'}, {text: '', thoughtSignature: 'sig'}],
    ],
    [
      'nothing, where they came after the calls',
      [call('a'), {type: 'reasoning', text: '', signature: on('text', 0)}],
      [wireCall('a'), {text: '', thoughtSignature: 'sig'}],
    ],
  ])('of %s', (_, content, parts) => {
    expect(answerOf(content)).toEqual(parts)
  })

  it('are stood in for on the first call of an answer that has none, where the model insists', () => {
    const content = [{type: 'text', text: 'Moment.'} as const, call('a'), call('b')]
    expect(answerOf(content)).toEqual([{text: 'Moment.'}, wireCall('a', UNSIGNED), wireCall('b')])
    expect(answerOf(content, 'gemini-4-argon')?.[1]).toEqual(wireCall('a', UNSIGNED))
    expect(answerOf(content, 'gemini-2.5-pro')).toEqual([{text: 'Moment.'}, wireCall('a'), wireCall('b')])
    expect(answerOf([{type: 'text', text: 'Moment.'}])).toEqual([{text: 'Moment.'}])
  })
})

describe('reasoning', () => {
  const high: ReasoningConfig = {effort: 'high'}
  const none: ReasoningConfig = {effort: 'none'}
  it.each<[string, ReasoningConfig, object | undefined]>([
    ['gemini-3.8-flash', high, {includeThoughts: true, thinkingLevel: 'high'}],
    ['models/gemini-3.8-flash', {budget: 4096}, {includeThoughts: true, thinkingLevel: 'medium'}],
    ['gemini-4-argon', {budget: 100}, {includeThoughts: true, thinkingLevel: 'low'}],
    ['gemini-flash-latest', {effort: 'low'}, {includeThoughts: true, thinkingLevel: 'low'}],
    ['gemini-3.8-flash', none, {thinkingLevel: 'low'}],
    ['gemini-4-argon', none, {thinkingLevel: 'low'}],
    ['gemini-3.1-pro-preview', none, {thinkingLevel: 'low'}],
    ['gemini-3-flash-preview', none, {thinkingLevel: 'minimal'}],
    ['gemini-3.6-flash', none, {thinkingLevel: 'minimal'}],
    ['gemini-3.5-flash-lite', none, {thinkingLevel: 'minimal'}],
    ['gemma-4-31b-it', {effort: 'low'}, {includeThoughts: true, thinkingLevel: 'high'}],
    ['gemma-4-31b-it', none, {thinkingLevel: 'minimal'}],
    ['gemini-2.5-flash', high, {includeThoughts: true, thinkingBudget: 24_576}],
    ['gemini-2.5-flash', {budget: 30_000}, {includeThoughts: true, thinkingBudget: 24_576}],
    ['gemini-2.5-flash', {budget: 10}, {includeThoughts: true, thinkingBudget: 10}],
    ['gemini-2.5-flash-lite', {budget: 10}, {includeThoughts: true, thinkingBudget: 512}],
    ['gemini-2.5-pro', {budget: 30_000}, {includeThoughts: true, thinkingBudget: 30_000}],
    ['gemini-2.5-flash', none, {thinkingBudget: 0}],
    ['gemini-2.5-pro', none, {thinkingBudget: 128}],
    ['gemini-2.0-flash', none, undefined],
    ['gemini-3.8-flash', {}, undefined],
  ])('%s, %j: %j', (model, reasoning, expected) => {
    expect(toWire({model, reasoning}).generationConfig?.thinkingConfig).toEqual(expected)
  })
})

describe('the name of a model', () => {
  it.each([
    ['gemini-3.8-flash', 'models/gemini-3.8-flash', 3.8, 65_536],
    ['models/gemini-2.5-pro', 'models/gemini-2.5-pro', 2.5, 65_536],
    ['gemini-2.0-flash', 'models/gemini-2.0-flash', 2, 8192],
    ['gemini-4-argon', 'models/gemini-4-argon', 4, 1_048_576],
    ['gemini-pro-latest', 'models/gemini-pro-latest', Number.POSITIVE_INFINITY, 65_536],
    ['gemma-4-31b-it', 'models/gemma-4-31b-it', Number.NaN, undefined],
    ['tunedModels/mine-123', 'tunedModels/mine-123', Number.NaN, undefined],
    ['odd?name#x', 'models/odd%3Fname%23x', Number.NaN, undefined],
  ])('%s is at %s, of generation %d, with at most %d tokens', (model, path, generation, most) => {
    expect([pathOf(model), generationOf(model), mostTokensOf(model)]).toEqual([path, generation, most])
  })
})

describe('a schema', () => {
  it('has an enum of one for a constant, or its type, and is otherwise as it was', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: {const: {const: 'x', title: 'T'}, list: {type: 'array', items: {anyOf: [{const: null}, {type: 'string', enum: ['const']}]}}},
      additionalProperties: {const: 5},
      required: ['const'],
      $defs: {a: {prefixItems: [{const: true}], oneOf: [true]}},
    }
    expect(toGeminiSchema(schema)).toEqual({
      type: 'object',
      properties: {const: {enum: ['x'], title: 'T'}, list: {type: 'array', items: {anyOf: [{type: 'null'}, {type: 'string', enum: ['const']}]}}},
      additionalProperties: {enum: [5]},
      required: ['const'],
      $defs: {a: {prefixItems: [{type: 'boolean'}], oneOf: [true]}},
    })
    expect(toGeminiSchema({type: 'object', additionalProperties: false})).toEqual({type: 'object', additionalProperties: false})
  })
})
