import {describe, expect, it} from '@jest/globals'
import type {ChatRequest} from '../../../src/core/providers/provider.js'
import {mostTokensOf, readsImages, takesSchemas, thinksUnasked} from '../../../src/plugins/qwen/models.js'
import {toQwenRequest} from '../../../src/plugins/qwen/wire.js'

const WEATHER = {name: 'weather', parameters: {type: 'object'}}

function toWire(request: Partial<ChatRequest>) {
  return toQwenRequest({model: 'qwen-plus', messages: [{role: 'user', content: 'Hi'}], tools: [], toolChoice: 'auto', ...request})
}

describe('reasoning', () => {
  it.each([
    [undefined, undefined, undefined],
    [{}, undefined, undefined],
    [{effort: 'none'}, false, undefined],
    [{effort: 'none', budget: 100}, false, undefined],
    [{effort: 'low'}, true, 2048],
    [{effort: 'medium'}, true, 8192],
    [{effort: 'high'}, true, undefined],
    [{budget: 500}, true, 500],
    [{effort: 'high', budget: 500}, true, 500],
  ] as const)('%j is enable_thinking %s with the budget %s', (reasoning, enabled, budget) => {
    const body = toWire({reasoning})
    expect([body.enable_thinking, body.thinking_budget]).toEqual([enabled, budget])
    expect(body).not.toHaveProperty('reasoning_effort')
  })
})

describe('a tool that must be called', () => {
  it.each(['required', {name: 'weather'}] as const)('%j is called without thought', (toolChoice) => {
    expect(toWire({tools: [WEATHER], toolChoice}).enable_thinking).toBe(false)
    expect(() => toWire({tools: [WEATHER], toolChoice, reasoning: {effort: 'high'}})).toThrow('while it thinks')
  })
})

describe('JSON', () => {
  it.each([
    ['qwen-plus', undefined, true],
    ['qwen-plus', {effort: 'high'}, false],
    ['qwen3-max', {budget: 100}, false],
    ['qwen3.6-plus', undefined, false],
    ['qwen3.6-plus', {effort: 'none'}, true],
    ['qwen3-8b', undefined, false],
    ['qwen3-235b-a22b-instruct-2507', undefined, true],
    ['qwen3-235b-a22b-thinking-2507', undefined, false],
  ] as const)('of %s with reasoning %j is asked for by its mode: %s', (model, reasoning, hasMode) => {
    expect(toWire({model, reasoning, json: true}).response_format).toEqual(hasMode ? {type: 'json_object'} : undefined)
  })

  it('by a schema is asked for in thought too', () => {
    const body = toWire({model: 'qwen3.8-max', reasoning: {effort: 'high'}, schema: {type: 'object'}})
    expect(body).toMatchObject({enable_thinking: true, response_format: {type: 'json_schema', json_schema: {schema: {type: 'object'}, strict: true}}})
  })
})

describe('models', () => {
  it.each([
    ['qwen3.8-max', {images: true, schema: true, thinks: true, tokens: 131_072}],
    ['qwen3.8-flash-2026-08-28', {images: true, schema: true, thinks: true, tokens: 131_072}],
    ['qwen3.7-plus', {images: true, schema: true, thinks: true, tokens: 65_536}],
    ['qwen3.6-plus', {images: true, schema: false, thinks: true, tokens: 65_536}],
    ['qwen3-max', {images: false, schema: false, thinks: false, tokens: 65_536}],
    ['qwen3-coder-plus', {images: false, schema: false, thinks: false, tokens: 65_536}],
    ['qwen3-vl-plus', {images: true, schema: false, thinks: false, tokens: undefined}],
    ['qwen2.5-vl-72b-instruct', {images: true, schema: false, thinks: false, tokens: undefined}],
    ['qwen2.5-72b-instruct', {images: false, schema: false, thinks: false, tokens: undefined}],
    ['qwen-vl-max', {images: true, schema: false, thinks: false, tokens: undefined}],
    ['qwen-plus-latest', {images: false, schema: false, thinks: false, tokens: 32_768}],
    ['qwen4-max-preview', {images: true, schema: false, thinks: true, tokens: undefined}],
    ['qwq-plus', {images: false, schema: false, thinks: true, tokens: undefined}],
  ])('%s: %j', (model, known) => {
    expect({images: readsImages(model), schema: takesSchemas(model), thinks: thinksUnasked(model), tokens: mostTokensOf(model)}).toEqual(known)
  })
})
