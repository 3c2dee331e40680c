import {describe, expect, it} from '@jest/globals'
import type {ChatRequest} from '../../../src/core/providers/provider.js'
import {capabilitiesOf, toGroqRequest} from '../../../src/plugins/groq/wire.js'

function toWire(request: Partial<ChatRequest>) {
  return toGroqRequest({model: 'openai/gpt-oss-120b', messages: [{role: 'user', content: 'Hi'}], tools: [], toolChoice: 'auto', ...request})
}

describe('reasoning', () => {
  it.each([
    ['openai/gpt-oss-120b', {effort: 'high'}, 'high', undefined],
    ['openai/gpt-oss-20b', {effort: 'none'}, 'low', undefined],
    ['openai/gpt-oss-20b', {budget: 4096}, 'medium', undefined],
    ['openai/gpt-oss-20b', undefined, undefined, undefined],
    ['qwen/qwen3-32b', {effort: 'high'}, 'default', 'parsed'],
    ['qwen/qwen3.8-27b', {effort: 'none'}, 'none', 'parsed'],
    ['qwen/qwen3.6-27b', undefined, undefined, 'parsed'],
    ['llama-3.3-70b-versatile', {effort: 'high'}, undefined, undefined],
  ] as const)('%s is asked for %j with the effort %s and the format %s', (model, reasoning, effort, format) => {
    expect(Object.entries(toWire({model, reasoning})).filter(([name]) => name.startsWith('reasoning'))).toEqual(
      Object.entries({reasoning_format: format, reasoning_effort: effort}).filter(([, value]) => value),
    )
  })
})

describe('the limit of tokens', () => {
  it('goes along under its new name', () => {
    expect(toWire({maxTokens: 7})).toMatchObject({max_completion_tokens: 7})
    expect(toWire({maxTokens: 7})).not.toHaveProperty('max_tokens')
    expect(toWire({})).not.toHaveProperty('max_completion_tokens')
  })
})

describe('what models take', () => {
  it.each([
    ['openai/gpt-oss-120b', true, false],
    ['moonshotai/kimi-k2-instruct-0905', true, false],
    ['meta-llama/llama-4-scout-17b-16e-instruct', true, true],
    ['qwen/qwen3-32b', false, false],
    ['qwen/qwen3.8-27b', false, true],
    ['llama-3.3-70b-versatile', false, false],
  ])('%s: a schema %s, images %s', (model, schema, images) => {
    expect(capabilitiesOf(model)).toEqual({schema, images})
  })
})
