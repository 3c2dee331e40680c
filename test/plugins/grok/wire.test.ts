import {describe, expect, it} from '@jest/globals'
import type {Attachment, ChatRequest, Message} from '../../../src/core/providers/provider.js'
import {conversationOf, readsImages, toGrokRequest} from '../../../src/plugins/grok/wire.js'

function toWire(request: Partial<ChatRequest>) {
  return toGrokRequest({model: 'grok-4.7', messages: [{role: 'user', content: 'Hi'}], tools: [], toolChoice: 'auto', ...request})
}

describe('reasoning', () => {
  it.each([
    ['grok-4.7', {effort: 'high'}, 'high'],
    ['grok-4.7', {effort: 'none'}, 'low'],
    ['grok-4.5', {budget: 4096}, 'medium'],
    ['grok-4.3', {effort: 'none'}, 'none'],
    ['grok-4.3-latest', {effort: 'low'}, 'low'],
    ['grok-5', {effort: 'high'}, 'high'],
    ['grok-latest', {effort: 'high'}, 'high'],
    ['grok-4.20-0309-reasoning', {effort: 'high'}, undefined],
    ['grok-4.20-non-reasoning', {effort: 'none'}, undefined],
    ['grok-4-1-fast-reasoning', {effort: 'high'}, undefined],
    ['grok-4', {effort: 'high'}, undefined],
    ['grok-3', {effort: 'high'}, undefined],
    ['grok-build-0.1', {budget: 100}, undefined],
    ['grok-4.7', undefined, undefined],
  ] as const)('%s is asked for %j with the effort %s', (model, reasoning, effort) => {
    expect(toWire({model, reasoning}).reasoning_effort).toBe(effort)
  })
})

describe('the limit of tokens', () => {
  it('goes along under its new name', () => {
    const body = toWire({maxTokens: 7})
    expect(body.max_completion_tokens).toBe(7)
    expect(body).not.toHaveProperty('max_tokens')
    expect(toWire({})).not.toHaveProperty('max_completion_tokens')
  })
})

describe('a schema', () => {
  it('is always held to', () => {
    const schema = {type: 'object', properties: {a: {type: 'string'}}}
    expect(toWire({schema}).response_format).toEqual({type: 'json_schema', json_schema: {name: 'answer', schema, strict: true}})
    expect(toWire({})).not.toHaveProperty('response_format')
  })
})

describe('images', () => {
  const send = (mediaType: string) => {
    const image: Attachment = {type: 'attachment', name: 'a', mediaType, data: new Uint8Array([1])}
    return toWire({messages: [{role: 'user', content: [image]}]}).messages[0]?.content
  }

  it.each(['image/png', 'image/jpeg'])('%s is sent', (mediaType) => {
    expect(send(mediaType)).toEqual([{type: 'image_url', image_url: {url: `data:${mediaType};base64,AQ==`}}])
  })

  it.each(['image/gif', 'image/webp', 'application/pdf'])('%s is refused', (mediaType) => {
    expect(() => send(mediaType)).toThrow(`files of the type ${mediaType}`)
  })

  it.each([
    ['grok-4.7', true],
    ['grok-4-0709', true],
    ['grok-2-vision-1212', true],
    ['grok-3-mini', false],
    ['grok-code-fast-1', false],
  ])('%s reads them: %s', (model, reads) => {
    expect(readsImages(model)).toBe(reads)
  })
})

describe('the name of a conversation', () => {
  const nameOf = (model: string, ...messages: Message[]) => conversationOf(toWire({model, messages}))
  const system: Message = {role: 'system', content: 'Be brief.'}
  const user: Message = {role: 'user', content: 'Größe?'}

  it('stays the same while it grows', () => {
    const name = nameOf('grok-4.7', system, user)
    expect(name).toMatch(/^[0-9a-f]{32}$/)
    expect(nameOf('grok-4.7', system, user, {role: 'assistant', content: '42'}, {role: 'user', content: 'Sicher?'})).toBe(name)
  })

  it('is another where it began otherwise, or with another model', () => {
    const names = [nameOf('grok-4.7', system, user), nameOf('grok-4.7', user), nameOf('grok-4.3', system, user)]
    expect(new Set(names).size).toBe(3)
  })
})
