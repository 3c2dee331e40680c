import {describe, expect, it} from '@jest/globals'
import type {ChatRequest, ReasoningConfig} from '../../../src/core/providers/provider.js'
import {takesImages} from '../../../src/plugins/nvidia/models.js'
import {thinkingOf} from '../../../src/plugins/nvidia/thinking.js'
import {toGuidedRequest, toNvidiaRequest} from '../../../src/plugins/nvidia/wire.js'

const SCHEMA = {type: 'object', properties: {}, additionalProperties: false}

const ask = (request: Partial<ChatRequest>) =>
  toNvidiaRequest({model: 'maker/model', messages: [{role: 'user', content: 'Hi'}], tools: [], toolChoice: 'auto', ...request})

const template = (variables: object) => ({fields: {chat_template_kwargs: variables}})
const level = (reasoning_effort: string) => ({fields: {reasoning_effort}})

const ON: ReasoningConfig = {effort: 'high'}
const OFF: ReasoningConfig = {effort: 'none'}

describe('how a model is told to think', () => {
  it.each<[string, ReasoningConfig, object]>([
    ['nvidia/nemotron-3-super-120b-a12b', ON, template({enable_thinking: true})],
    ['nvidia/nemotron-3-super-120b-a12b', {effort: 'low'}, template({enable_thinking: true, low_effort: true})],
    ['nvidia/nemotron-3-nano-30b-a3b', {budget: 1024}, template({enable_thinking: true, reasoning_budget: 1024})],
    ['nvidia/nemotron-3.5-lightning-30b-a3b', OFF, template({enable_thinking: false})],
    ['nvidia/llama-3.1-nemotron-ultra-253b-v1', ON, {system: 'detailed thinking on'}],
    ['nvidia/llama-3_3-nemotron-super-49b-v1', OFF, {system: 'detailed thinking off'}],
    ['nvidia/llama-3.1-nemotron-nano-4b-v1.1', ON, {system: 'detailed thinking on'}],
    ['nvidia/llama-3.3-nemotron-super-49b-v1.5', ON, {system: '/think'}],
    ['nvidia/llama-3_3-nemotron-super-49b-v1_5', OFF, {system: '/no_think'}],
    ['nvidia/nvidia-nemotron-nano-9b-v2', {budget: 512}, {system: '/think', fields: {max_thinking_tokens: 512}}],
    ['nvidia/nvidia-nemotron-nano-9b-v2', OFF, {system: '/no_think'}],
    ['nvidia/nemotron-nano-12b-v2-vl', ON, {system: '/think'}],
    ['nvidia/llama-3.1-nemotron-nano-vl-8b-v1', OFF, {}],
    ['qwen/qwen3.5-397b-a17b', OFF, template({enable_thinking: false})],
    ['z-ai/glm-5.1', ON, template({enable_thinking: true, clear_thinking: false})],
    ['z-ai/glm5', ON, template({enable_thinking: true, clear_thinking: false})],
    ['moonshotai/kimi-k2-thinking', ON, template({thinking: true})],
    ['moonshotai/kimi-k3', {effort: 'medium'}, level('high')],
    ['moonshotai/kimi-k3', OFF, template({thinking: false})],
    ['deepseek-ai/deepseek-v3.2', ON, template({thinking: true})],
    ['deepseek-ai/deepseek-v4-pro', OFF, level('none')],
    ['deepseek-ai/deepseek-v4-flash', {effort: 'low'}, level('high')],
    ['mistralai/mistral-medium-3.5-128b', {effort: 'medium'}, level('high')],
    ['minimaxai/minimax-m3', OFF, template({thinking_mode: 'disabled'})],
    ['openai/gpt-oss-120b', OFF, level('low')],
    ['openai/gpt-oss-120b', {budget: 4096}, level('medium')],
    ['meta/llama-3.1-8b-instruct', OFF, {}],
    ['meta/llama-9', ON, level('high')],
    ['nvidia/nemotron-3-super-120b-a12b', {}, {}],
  ])('%s with %j', (model, reasoning, expected) => {
    expect(thinkingOf(model, reasoning)).toEqual(expected)
  })

  it('is at the beginning of what the system says, or all that it says', () => {
    const model = 'nvidia/llama-3.3-nemotron-super-49b-v1.5'
    const system = {role: 'system', content: 'Be brief.'} as const
    const user = {role: 'user', content: 'Hi'} as const
    expect(ask({model, reasoning: ON, messages: [system, user]}).messages).toEqual([{role: 'system', content: '/think\n\nBe brief.'}, user])
    expect(ask({model, reasoning: OFF}).messages).toEqual([{role: 'system', content: '/no_think'}, user])
  })

  it('is nowhere else in the request', () => {
    const body = ask({model: 'qwen/qwen3.5-397b-a17b', reasoning: {effort: 'low'}})
    expect(body).not.toHaveProperty('reasoning_effort')
    expect(body).toMatchObject({chat_template_kwargs: {enable_thinking: true}})
  })
})

describe('a schema', () => {
  it("can be said in NVIDIA's own words", () => {
    const body = ask({schema: SCHEMA, maxTokens: 5})
    expect(body.response_format).toMatchObject({type: 'json_schema', json_schema: {schema: SCHEMA}})
    const {response_format: _, ...rest} = body
    expect(toGuidedRequest(body)).toEqual({...rest, nvext: {guided_json: SCHEMA}})
    expect(toGuidedRequest(ask({}))).toBeUndefined()
  })
})

describe('files', () => {
  const send = (mediaType: string) =>
    ask({messages: [{role: 'user', content: [{type: 'attachment', name: 'file', mediaType, data: Buffer.from('text')}]}]}).messages[0]

  it('are images and text, and no PDFs', () => {
    expect(send('image/jpeg')?.content).toEqual([{type: 'image_url', image_url: {url: 'data:image/jpeg;base64,dGV4dA=='}}])
    expect(send('application/json')?.content).toBe('file:\ntext')
    expect(() => send('application/pdf')).toThrow(/file.*application\/pdf/)
  })

  it.each([
    ['openai/gpt-oss-20b', false],
    ['meta/llama-3.1-8b-instruct', false],
    ['nvidia/nemotron-3-ultra-550b-a55b', false],
    ['nvidia/nemotron-3-nano-omni-30b-a3b-reasoning', true],
    ['nvidia/llama-3.1-nemotron-nano-vl-8b-v1', true],
    ['meta/llama-3.2-90b-vision-instruct', true],
    ['qwen/qwen3.5-397b-a17b', true],
  ])('that are images go to %s: %s', (model, expected) => {
    expect(takesImages(model)).toBe(expected)
  })
})
