import {describe, expect, test} from '@jest/globals'
import type {AdapterEvent} from '../../../src/core/providers/answer-assembler.js'
import {CallWriter} from '../../../src/plugins/llamacpp/call-writer.js'
import {EventQueue} from '../../../src/plugins/llamacpp/event-queue.js'
import {toGrammarSchema} from '../../../src/plugins/llamacpp/grammar-schema.js'
import {finishReasonOf, thinkingBudget, toHistory} from '../../../src/plugins/llamacpp/wire.js'

describe('toHistory', () => {
  test('makes calls and their results part of one response of the model', () => {
    const history = toHistory([
      {role: 'system', content: 'Be brief.'},
      {
        role: 'user',
        content: [
          {type: 'text', text: 'How is '},
          {type: 'text', text: 'the weather?'},
        ],
      },
      {
        role: 'assistant',
        content: [
          {type: 'reasoning', text: 'I look.'},
          {type: 'tool_call', id: '1', name: 'weather', arguments: '{"city":"Rome"}'},
          {type: 'tool_call', id: '2', name: 'weather', arguments: '{"city":'},
        ],
      },
      {role: 'tool', toolCallId: '2', content: 'no JSON', isError: true},
      {role: 'tool', toolCallId: '1', content: 'sunny'},
      {role: 'assistant', content: 'It is sunny.'},
    ])
    expect(history).toEqual([
      {type: 'system', text: 'Be brief.'},
      {type: 'user', text: 'How is the weather?'},
      {
        type: 'model',
        response: [
          {type: 'segment', segmentType: 'thought', text: 'I look.', ended: true},
          {type: 'functionCall', name: 'weather', params: {city: 'Rome'}, result: 'sunny', startsNewChunk: true},
          {type: 'functionCall', name: 'weather', params: '{"city":', result: {error: 'no JSON'}, startsNewChunk: false},
          'It is sunny.',
        ],
      },
    ])
  })

  test('says of a call without a result that it was not run', () => {
    const [item] = toHistory([{role: 'assistant', content: [{type: 'tool_call', id: '1', name: 'f', arguments: '{}'}]}])
    expect(item).toMatchObject({response: [{result: {error: 'not run'}}]})
  })
})

describe('toGrammarSchema', () => {
  const anything = {oneOf: [{type: ['string', 'number', 'boolean', 'null']}, {type: 'array'}, {type: 'object', additionalProperties: true}]}

  test.each<[string, object, object]>([
    [
      'names what is required, also where nothing is said of it',
      {type: 'object', properties: {a: {type: 'string'}}, required: ['a', 'b']},
      {type: 'object', properties: {a: {type: 'string'}, b: anything}},
    ],
    ['an object without names is open', {type: 'object'}, {type: 'object', properties: {}, additionalProperties: true}],
    ['an object with no properties is empty', {type: 'object', properties: {}}, {type: 'object', properties: {}, additionalProperties: false}],
    ['a list of types is a choice', {type: ['integer', 'null']}, {oneOf: [{type: 'integer'}, {type: 'null'}]}],
    ['anyOf is a choice', {anyOf: [{const: 1}, {enum: ['a', null]}]}, {oneOf: [{enum: [1]}, {enum: ['a', null]}]}],
    ['ranges and patterns are left out', {type: 'string', pattern: '^a', minLength: 2, maxLength: 5000}, {type: 'string', minLength: 2}],
    ['dates stay', {type: 'string', format: 'date', minLength: 4}, {type: 'string', format: 'date'}],
    [
      'tuples have their length',
      {type: 'array', items: [{type: 'integer'}, true]},
      {type: 'array', prefixItems: [{type: 'integer'}, anything], minItems: 2, maxItems: 2},
    ],
    ['descriptions stay', {type: 'integer', description: 'days'}, {type: 'integer', description: 'days'}],
    ['allOf of one is that one', {allOf: [{type: 'boolean'}]}, {type: 'boolean'}],
    ['what it does not know is anything', {allOf: [{type: 'boolean'}, {}]}, anything],
    ['a reference to elsewhere is anything', {$ref: 'https://example.com/schema'}, anything],
  ])('%s', (_, schema, expected) => {
    expect(toGrammarSchema(schema as Record<string, unknown>)).toEqual(expected)
  })

  test('does not require what would lead back to itself without end', () => {
    const node = {
      type: 'object',
      properties: {value: {type: 'integer'}, next: {$ref: '#/definitions/node'}, children: {type: 'array', items: {$ref: '#/definitions/node'}}},
    }
    expect(toGrammarSchema({$ref: '#/definitions/node', definitions: {node}})).toEqual({
      $ref: '#/$defs/node',
      $defs: {node: {type: 'object', properties: {value: {type: 'integer'}, children: {type: 'array', items: {$ref: '#/$defs/node'}}}}},
    })
  })
})

test('a call is written without the white space that ends it', () => {
  const events: AdapterEvent[] = []
  const calls = new CallWriter((event) => events.push(event))
  for (const paramsChunk of ['{"a":', ' ', '1}', '\n', '\n']) calls.add({callIndex: 0, functionName: 'f', paramsChunk, done: false})
  calls.end('f')
  calls.end('g')
  expect(events).toEqual([
    {type: 'tool_call_start', id: 'call_1', name: 'f'},
    {type: 'tool_call_delta', id: 'call_1', arguments: '{"a":'},
    {type: 'tool_call_delta', id: 'call_1', arguments: ' 1}'},
    {type: 'tool_call_end', id: 'call_1'},
    {type: 'tool_call_start', id: 'call_2', name: 'g'},
    {type: 'tool_call_end', id: 'call_2'},
  ])
})

test('events are read in their order, and what ended them comes last', async () => {
  const queue = new EventQueue<number>()
  const {promise, reject} = Promise.withResolvers<void>()
  const seen: number[] = []
  const reading = (async () => {
    for await (const event of queue.until(promise)) {
      seen.push(event)
      if (event === 1) queue.push(2)
      if (event === 2) reject(new Error('over'))
    }
  })()
  queue.push(1)
  await expect(reading).rejects.toThrow('over')
  expect(seen).toEqual([1, 2])
})

test('reasons to finish and budgets for thinking', () => {
  expect(finishReasonOf({stopReason: 'eogToken'})).toBe('stop')
  expect(finishReasonOf({stopReason: 'stopGenerationTrigger'})).toBe('stop')
  expect(finishReasonOf({stopReason: 'maxTokens'})).toBe('length')
  expect(finishReasonOf({stopReason: 'functionCalls'})).toBe('tool_calls')
  expect([undefined, {}, {effort: 'none'}, {effort: 'low'}, {budget: 7, effort: 'high'}].map((config) => thinkingBudget(config as never))).toEqual([
    undefined,
    undefined,
    0,
    1024,
    7,
  ])
})
