import {mkdtempSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, it} from '@jest/globals'
import {Cooldowns} from '../../../src/core/providers/cooldowns.js'
import {movesOn, resolveRoute} from '../../../src/core/providers/model-route.js'
import {ProviderError} from '../../../src/core/providers/provider-error.js'

const NAMES = {
  aliases: {fast: 'groq/llama', wise: 'claude/opus'},
  fallbacks: {wise: ['openai/gpt', 'fast'], 'openai/gpt': ['wise'], 'groq/llama': ['groq/llama', 'wise', 'claude/opus']},
}

describe('the models to ask', () => {
  it.each([
    ['openai/small', [], ['openai/small']],
    ['fast', ['openai/small'], ['groq/llama', 'openai/small']],
    ['wise', [], ['claude/opus', 'openai/gpt', 'groq/llama']],
    ['openai/gpt', [], ['openai/gpt', 'claude/opus']],
    ['openai/gpt', ['fast'], ['openai/gpt', 'groq/llama']],
    ['groq/llama', [], ['groq/llama', 'claude/opus']],
    ['openrouter/meta/llama', [], ['openrouter/meta/llama']],
  ])('of %s, with %j', (name, fallbacks, route) => {
    expect(resolveRoute(name, fallbacks, NAMES)).toEqual(route)
  })

  it.each(['fasst', 'nothing', 'openai/', '/x', '', 'constructor', '__proto__'])('%j is none', (name) => {
    expect(() => resolveRoute(name, [], NAMES)).toThrow(expect.objectContaining({kind: 'usage', code: 'MODEL_INVALID'}))
    expect(() => resolveRoute('fast', [name], NAMES)).toThrow(expect.objectContaining({kind: 'usage'}))
  })

  it('names the alias that was probably meant', () => {
    expect(() => resolveRoute('fasst', [], NAMES)).toThrow(expect.objectContaining({hint: 'Did you mean fast?'}))
  })
})

describe('another model is asked', () => {
  it.each([
    ['busy', 'RATE_LIMIT', true],
    ['unavailable', 'PROVIDER_UNREACHABLE', true],
    ['unavailable', 'TIMEOUT', true],
    ['denied', 'QUOTA_EXCEEDED', true],
    ['usage', 'CONTEXT_TOO_LONG', true],
    ['usage', 'REQUEST_REFUSED', false],
    ['denied', 'KEY_REFUSED', false],
    ['usage', 'MODEL_UNKNOWN', false],
    ['interrupted', 'CANCELLED', false],
  ] as const)('after %s %s: %s', (kind, code, expected) => {
    expect(movesOn(new ProviderError(kind, 'no', {code}))).toBe(expected)
  })
})

describe('a model that has failed', () => {
  const models = ['groq/llama', 'claude/opus']

  it('is passed over, by other processes too, until its time is up', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'helix-cooldowns-')), 'cooldowns')
    await new Cooldowns(folder).add('groq/llama', 60_000)
    expect(await new Cooldowns(folder).leaveOut(models)).toEqual(['claude/opus'])
    await new Cooldowns(folder).add('groq/llama', -1)
    expect(await new Cooldowns(folder).leaveOut(models)).toEqual(models)
  })

  it('is asked all the same where there is no other', async () => {
    const cooldowns = new Cooldowns(join(mkdtempSync(join(tmpdir(), 'helix-cooldowns-')), 'cooldowns'))
    for (const model of models) await cooldowns.add(model, 60_000)
    expect(await cooldowns.leaveOut(models)).toEqual(models)
    expect(await cooldowns.leaveOut(['groq/llama'])).toEqual(['groq/llama'])
  })

  it('is forgotten where nothing can be written', async () => {
    const cooldowns = new Cooldowns('/dev/null/cooldowns')
    await cooldowns.add('groq/llama', 60_000)
    expect(await cooldowns.leaveOut(models)).toEqual(models)
  })
})
