import {describe, expect, it} from '@jest/globals'
import {priceOf} from '../../../src/core/providers/prices.js'
import type {ChatRequest, ReasoningConfig} from '../../../src/core/providers/provider.js'
import {traitsOf} from '../../../src/plugins/claude/models.js'
import {prices} from '../../../src/plugins/claude/prices.js'
import {toWireRequest} from '../../../src/plugins/claude/wire.js'
import {WEATHER} from '../../fixtures/replay.js'

const SHOWN = {type: 'adaptive', display: 'summarized'}
const OFF = {type: 'disabled'}

function askedOf(model: string, request: Partial<ChatRequest>): Record<string, unknown> {
  const body = toWireRequest(
    {model, messages: [{role: 'user', content: 'Hallo'}], tools: [], toolChoice: 'auto', ...request},
    traitsOf(model).maxTokens ?? 32_000,
  )
  const {max_tokens, thinking, output_config, temperature} = body
  return {max_tokens, ...(thinking && {thinking}), ...(output_config && {output_config}), ...(temperature !== undefined && {temperature})}
}

describe('how long a model is to think', () => {
  it.each<[string, ReasoningConfig | undefined, object]>([
    ['claude-sonnet-4-5', undefined, {}],
    ['claude-sonnet-4-5', {effort: 'none'}, {thinking: OFF}],
    ['claude-sonnet-4-5', {effort: 'low'}, {thinking: {type: 'enabled', budget_tokens: 2048}}],
    ['claude-haiku-4-5-20251001', {budget: 5000}, {thinking: {type: 'enabled', budget_tokens: 5000}}],
    ['claude-opus-4-5', {budget: 10}, {thinking: {type: 'enabled', budget_tokens: 1024}}],
    ['claude-opus-4-1-20250805', {effort: 'high'}, {max_tokens: 32_000, thinking: {type: 'enabled', budget_tokens: 16_000}}],
    ['claude-3-5-haiku-20241022', {effort: 'high'}, {max_tokens: 8192}],
    ['MiniMax-M2', {effort: 'low'}, {max_tokens: 32_000, thinking: {type: 'enabled', budget_tokens: 2048}}],
    ['claude-opus-4-6', undefined, {}],
    ['claude-opus-4-6', {effort: 'high'}, {thinking: SHOWN, output_config: {effort: 'high'}}],
    ['claude-opus-4-8', {budget: 3000}, {thinking: SHOWN, output_config: {effort: 'medium'}}],
    ['claude-opus-4-8', {effort: 'none'}, {thinking: OFF}],
    ['claude-opus-5', undefined, {thinking: SHOWN}],
    ['claude-sonnet-5', {effort: 'none'}, {thinking: OFF}],
    ['claude-haiku-5-5', {effort: 'low'}, {thinking: SHOWN, output_config: {effort: 'low'}}],
    ['claude-sonnet-5-5', {effort: 'none'}, {thinking: {type: 'between_tools'}}],
    ['claude-opus-5-5', {effort: 'none'}, {output_config: {effort: 'low'}}],
    ['anthropic/claude-fable-5.1', {effort: 'none'}, {output_config: {effort: 'low'}}],
    ['claude-sonnet-9', {effort: 'high'}, {thinking: SHOWN, output_config: {effort: 'high'}}],
  ])('%s, asked for %j', (model, reasoning, expected) => {
    expect(askedOf(model, {reasoning})).toEqual({max_tokens: 64_000, ...expected})
  })

  it.each<[ReasoningConfig, number, number | undefined]>([
    [{effort: 'high'}, 10_000, 5000],
    [{effort: 'high'}, 1500, 1024],
    [{effort: 'high'}, 1024, undefined],
    [{budget: 5000}, 5001, 5000],
    [{budget: 5000}, 5000, 4999],
    [{budget: 5000}, 1000, undefined],
  ])('is less than the whole answer: %j of %i tokens', (reasoning, maxTokens, budget) => {
    const {thinking, max_tokens} = askedOf('claude-sonnet-4-5', {reasoning, maxTokens})
    expect([(thinking as {budget_tokens?: number})?.budget_tokens, max_tokens]).toEqual([budget, maxTokens])
  })

  it('is left open where a tool must be called', () => {
    const forced = {tools: [WEATHER], toolChoice: 'required', reasoning: {effort: 'high'}} as const
    expect(askedOf('claude-sonnet-4-5', {...forced, tools: [...forced.tools]})).toEqual({max_tokens: 64_000})
    expect(askedOf('claude-opus-5', {...forced, tools: [...forced.tools]})).toEqual({max_tokens: 64_000, output_config: {effort: 'high'}})
  })
})

describe('thinking between calls', () => {
  const call = {type: 'tool_call', id: 'a', name: 'weather', arguments: '{}'} as const
  const thought = {type: 'reasoning', text: 'Hm', signature: 'c2ln'} as const
  const BUDGET = {thinking: {type: 'enabled', budget_tokens: 2048}}

  it.each([
    ['claude-sonnet-4-5', [thought, call], BUDGET],
    ['claude-sonnet-4-5', [call], {}],
    ['claude-opus-4-6', [call], {thinking: SHOWN, output_config: {effort: 'low'}}],
  ])('%s after %j', (model, content, expected) => {
    const question = {role: 'user', content: 'Hallo'} as const
    const messages: ChatRequest['messages'] = [question, {role: 'assistant', content}, {role: 'tool', toolCallId: 'a', content: 'Regen'}]
    expect(askedOf(model, {messages, reasoning: {effort: 'low'}})).toEqual({max_tokens: 64_000, ...expected})
    // With the next question it thinks again.
    const later: ChatRequest['messages'] = [...messages, {role: 'assistant', content: 'Regen.'}, question]
    expect(askedOf(model, {messages: later, reasoning: {effort: 'low'}})).toHaveProperty('thinking')
  })
})

describe('the temperature', () => {
  it.each<[string, ReasoningConfig | undefined, number, number | undefined]>([
    ['claude-sonnet-4-5', undefined, 0, 0],
    ['claude-sonnet-4-5', undefined, 1.7, 1],
    ['claude-sonnet-4-5', {effort: 'none'}, 0.5, 0.5],
    ['claude-sonnet-4-5', {effort: 'low'}, 0.5, undefined],
    ['claude-opus-4-6', undefined, 0.5, 0.5],
    ['claude-opus-4-7', undefined, 0.5, undefined],
    ['claude-haiku-5-5', {effort: 'none'}, 0.5, undefined],
  ])('for %s with %j: %d is sent as %d', (model, reasoning, temperature, sent) => {
    expect(askedOf(model, {reasoning, temperature}).temperature).toBe(sent)
  })
})

describe('prices', () => {
  it.each([
    ['claude-haiku-4-5-20251001', 1],
    ['claude-sonnet-4-5-20250929', 3],
    ['claude-opus-5-5', 4],
    ['claude-opus-5', 5],
  ])('there is one for %s', (model, input) => {
    expect(priceOf(model, prices)?.input).toBe(input)
  })

  it('are in the order that Anthropic has: what is written to the cache costs most, what is read from it least', () => {
    for (const {input, output, cachedInput = 0, cacheWrite = 0} of Object.values(prices.models).flatMap(({long, ...price}) =>
      long ? [price, long] : [price],
    )) {
      expect(cacheWrite).toBeCloseTo(input * 1.25, 10)
      expect(output).toBeCloseTo(input * 5, 10)
      expect(cachedInput).toBeGreaterThan(0)
      expect(cachedInput).toBeLessThanOrEqual(input * 0.1 + 1e-9)
    }
  })
})
