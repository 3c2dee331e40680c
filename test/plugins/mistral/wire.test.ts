import {describe, expect, it} from '@jest/globals'
import {costOf, priceOf} from '../../../src/core/providers/prices.js'
import type {ChatRequest, Message} from '../../../src/core/providers/provider.js'
import {mostTokensOf, takesImages} from '../../../src/plugins/mistral/models.js'
import {prices} from '../../../src/plugins/mistral/prices.js'
import {toMistralRequest} from '../../../src/plugins/mistral/wire.js'

const WEATHER = {name: 'weather', parameters: {type: 'object'}}
const HI: Message = {role: 'user', content: 'Hi'}

const bodyOf = (request: Partial<ChatRequest>) =>
  JSON.parse(JSON.stringify(toMistralRequest({model: 'm', messages: [HI], tools: [], toolChoice: 'auto', ...request})))

const call = (id: string) => ({type: 'tool_call', id, name: 'weather', arguments: '{}'}) as const
const result = (toolCallId: string) => ({role: 'tool', toolCallId, content: 'rain'}) as const

describe('what Mistral would refuse', () => {
  it('is not sent', () => {
    const body = bodyOf({maxTokens: 5, tools: [WEATHER], reasoning: {effort: 'none'}})
    for (const field of ['stream_options', 'reasoning_effort', 'max_completion_tokens', 'tool_choice']) expect(body).not.toHaveProperty(field)
    expect(body).toMatchObject({max_tokens: 5, stream: true})
  })
})

describe('how hard a model is to think', () => {
  it.each([
    ['mistral-small-latest', 'none', {reasoning_effort: 'none'}],
    ['mistral-small-2603', 'low', {reasoning_effort: 'high'}],
    ['mistral-medium-3-5', 'medium', {reasoning_effort: 'high'}],
    ['magistral-medium-latest', 'high', {reasoning_effort: 'high'}],
    ['mistral-large-4-0', 'low', {reasoning_effort: 'low'}],
    ['mistral-large-4', 'medium', {reasoning_effort: 'medium'}],
    ['mistral-large-4', 'none', {}],
    ['mistral-large-2512', 'none', {}],
    ['mistral-medium-2508', 'none', {}],
    ['magistral-medium-2509', 'high', {prompt_mode: 'reasoning'}],
    ['magistral-small-2509', 'none', {}],
    ['zai-glm-5-3', 'none', {reasoning_effort: 'low'}],
    ['zai-glm-5-3', 'medium', {reasoning_effort: 'high'}],
    ['some-model-of-tomorrow', 'low', {reasoning_effort: 'high'}],
  ] as const)('%s, %s', (model, effort, expected) => {
    const {reasoning_effort, prompt_mode} = bodyOf({model, reasoning: {effort}})
    expect({reasoning_effort, prompt_mode}).toEqual({reasoning_effort: undefined, prompt_mode: undefined, ...expected})
  })

  it('a budget stands for an effort', () => {
    expect(bodyOf({model: 'mistral-large-4', reasoning: {budget: 4096}}).reasoning_effort).toBe('medium')
  })
})

describe('the ids of calls', () => {
  it('are kept where they are of nine letters and digits, and otherwise replaced, each by its own', () => {
    const content = [call('toolu_01A'), call('call00001'), call('D681PevKs'), call('call_eee11723464a4b9eb8cee71d')]
    const {messages} = bodyOf({messages: [HI, {role: 'assistant', content}, ...content.map(({id}) => result(id))]})
    const ids = messages[1].tool_calls.map(({id}: {id: string}) => id)
    expect(ids).toEqual(['call00002', 'call00001', 'D681PevKs', 'call00003'])
    expect(messages.slice(2).map(({tool_call_id}: {tool_call_id: string}) => tool_call_id)).toEqual(ids)
  })

  it('stay the same when the conversation goes on, so that what is cached is found', () => {
    const messages: Message[] = [HI, {role: 'assistant', content: [call('toolu_01A')]}, result('toolu_01A')]
    const more: Message[] = [...messages, {role: 'assistant', content: [call('toolu_01B')]}, result('toolu_01B')]
    expect(bodyOf({messages: more}).messages.slice(0, 3)).toEqual(bodyOf({messages}).messages)
  })
})

describe('an earlier answer', () => {
  it('goes back with its thoughts and its text in their order', () => {
    const content = [{type: 'reasoning', text: 'Hm.'} as const, {type: 'text', text: 'Ja'} as const, {type: 'reasoning', text: ''} as const, call('D681PevKs')]
    expect(bodyOf({messages: [HI, {role: 'assistant', content}, result('D681PevKs')]}).messages[1]).toEqual({
      role: 'assistant',
      content: [
        {type: 'thinking', thinking: [{type: 'text', text: 'Hm.'}], closed: true},
        {type: 'text', text: 'Ja'},
      ],
      tool_calls: [{id: 'D681PevKs', type: 'function', function: {name: 'weather', arguments: '{}'}}],
    })
  })

  it('is made up where it was broken off after a tool, since the user may not speak then', () => {
    const roles = bodyOf({messages: [HI, {role: 'assistant', content: [call('D681PevKs')]}, result('D681PevKs'), HI]}).messages.map(({role}: Message) => role)
    expect(roles).toEqual(['user', 'assistant', 'tool', 'assistant', 'user'])
  })
})

describe('files', () => {
  const send = (name: string, mediaType: string) =>
    bodyOf({messages: [{role: 'user', content: [{type: 'attachment', name, mediaType, data: Buffer.from('%PDF')}]}]})

  it('go along as Mistral has them', () => {
    expect(send('a.pdf', 'application/pdf').messages[0].content).toEqual([
      {type: 'document_url', document_url: 'data:application/pdf;base64,JVBERg==', document_name: 'a.pdf'},
    ])
    expect(send('a.png', 'image/png').messages[0].content).toEqual([{type: 'image_url', image_url: {url: 'data:image/png;base64,JVBERg=='}}])
  })

  it('of other kinds are refused', () => {
    expect(() => send('a.zip', 'application/zip')).toThrow(/a\.zip.*application\/zip/)
  })
})

describe('the key of the cache', () => {
  const keyOf = (...messages: Message[]) => bodyOf({messages}).prompt_cache_key

  it('is that of the beginning of the conversation, which cannot be read in it', () => {
    const system: Message = {role: 'system', content: 'Be brief.'}
    expect(keyOf(system, HI, {role: 'assistant', content: 'Ja'}, HI)).toBe(keyOf(system, HI))
    expect(keyOf({role: 'system', content: 'Be long.'}, HI)).not.toBe(keyOf(system, HI))
    expect(keyOf(system, HI)).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('what is known of models', () => {
  it.each([
    ['mistral-large-4', true, 262_144],
    ['mistral-small-latest', true, 256_000],
    ['codestral-latest', false, undefined],
    ['open-mixtral-8x22b', false, undefined],
    ['ministral-8b-latest', true, undefined],
  ])('%s', (model, images, most) => {
    expect([takesImages(model), mostTokensOf(model)]).toEqual([images, most])
  })
})

describe('what an answer costs', () => {
  const usage = {inputTokens: 1_000_000, cachedTokens: 500_000, outputTokens: 1_000_000}

  it.each([
    ['mistral-large-4', 0.34 + 0.035 + 2.09],
    ['ministral-8b-2512', 0.075 + 0.0075 + 0.15],
    ['codestral-latest', 0.15 + 0.015 + 0.9],
    ['open-mistral-7b', undefined],
  ])('%s', (model, cost) => {
    const told = costOf(usage, priceOf(model, prices))
    expect(told === undefined ? told : Number(told.toFixed(6))).toBe(cost === undefined ? cost : Number(cost.toFixed(6)))
  })
})
