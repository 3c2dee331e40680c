import {describe, expect, it} from '@jest/globals'
import type {AssistantPart, ChatRequest} from '../../../src/core/providers/provider.js'
import {readsImages, toDeepSeekRequest} from '../../../src/plugins/deepseek/wire.js'

const WEATHER = {name: 'weather', parameters: {type: 'object'}}

function toWire(request: Partial<ChatRequest>) {
  return toDeepSeekRequest({model: 'deepseek-flash', messages: [{role: 'user', content: 'Hi'}], tools: [], toolChoice: 'auto', ...request})
}

describe('reasoning', () => {
  it.each([
    [undefined, undefined, undefined],
    [{}, undefined, undefined],
    [{effort: 'none'}, 'disabled', undefined],
    [{effort: 'none', budget: 4000}, 'disabled', undefined],
    [{effort: 'low'}, 'enabled', 'low'],
    [{effort: 'medium'}, 'enabled', 'medium'],
    [{budget: 2048}, 'enabled', 'low'],
    [{budget: 30_000}, 'enabled', 'high'],
  ] as const)('%j is thinking %s with the effort %s', (reasoning, type, effort) => {
    const {thinking, reasoning_effort} = toWire({reasoning})
    expect([thinking?.type, reasoning_effort]).toEqual([type, effort])
  })
})

describe('a tool that must be called', () => {
  const choices = ['required', {name: 'weather'}] as const

  it.each(choices)('%j is called without thought', (toolChoice) => {
    for (const reasoning of [undefined, {}, {effort: 'none'}] as const) {
      expect(toWire({tools: [WEATHER], toolChoice, reasoning})).toMatchObject({thinking: {type: 'disabled'}})
    }
  })

  it.each(choices)('%j and thought are not both asked for', (toolChoice) => {
    for (const reasoning of [{effort: 'low'}, {budget: 100}] as const) {
      expect(() => toWire({tools: [WEATHER], toolChoice, reasoning})).toThrow('cannot make a model call a tool while it thinks')
    }
  })

  it.each(['auto', 'none'] as const)('the choice %s leaves thought alone', (toolChoice) => {
    expect(toWire({tools: [WEATHER], toolChoice})).not.toHaveProperty('thinking')
    expect(toWire({tools: [WEATHER], toolChoice, reasoning: {effort: 'high'}})).toMatchObject({thinking: {type: 'enabled'}, reasoning_effort: 'high'})
  })
})

describe('the thoughts of earlier answers', () => {
  const call = {type: 'tool_call', id: 'c1', name: 'weather', arguments: '{}'} as const
  const contentOf = (...content: AssistantPart[]) => toWire({messages: [{role: 'assistant', content}]}).messages[0]

  it('go back with all of them, before a tool call or not', () => {
    const thought = {type: 'reasoning', text: 'Hm'} as const
    expect(contentOf(thought, call)).toMatchObject({content: null, reasoning_content: 'Hm'})
    expect(contentOf(thought, {type: 'text', text: 'Rain.'})).toEqual({role: 'assistant', content: 'Rain.', reasoning_content: 'Hm'})
  })

  it('are empty where there were none, since the field must be there', () => {
    expect(contentOf(call)).toMatchObject({reasoning_content: ''})
  })
})

describe('JSON', () => {
  it('is asked for without a schema', () => {
    expect(toWire({json: true}).response_format).toEqual({type: 'json_object'})
  })
})

describe('images', () => {
  it.each([
    ['deepseek-flash', true],
    ['deepseek-v4-flash', true],
    ['deepseek-v5', true],
    ['deepseek-v4-pro', false],
    ['deepseek-chat', false],
  ])('%s reads them: %s', (model, reads) => {
    expect(readsImages(model)).toBe(reads)
  })
})
