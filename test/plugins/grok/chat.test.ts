import {describe, expect, it} from '@jest/globals'
import {costOf, priceOf} from '../../../src/core/providers/prices.js'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import grok from '../../../src/plugins/grok/plugin.js'
import {ask, openProvider, QUESTION} from '../../fixtures/replay.js'
import {chunk} from '../openai/openai-wire.js'

const plugin = await grok()
const STREAM = {contentType: 'text/event-stream'}
const STOP = [chunk({delta: {}, finish_reason: 'stop'}), 'data: [DONE]\n\n']

describe('a conversation', () => {
  it('goes on with what the model thought, under the same name', async () => {
    const server = await new FakeServer().start()
    const thoughts = ['Hm', ', 42'].map((text) => chunk({delta: {reasoning_content: text}}))
    server.reply(answerWith([...thoughts, chunk({delta: {content: '42'}}), ...STOP], STREAM), answerWith([chunk({delta: {content: 'Ja.'}}), ...STOP], STREAM))
    const provider = await openProvider(plugin, server)
    const {message} = await provider.generate(QUESTION)
    await provider.generate({...QUESTION, messages: [...QUESTION.messages, message, {role: 'user', content: 'Sicher?'}]})
    const [first, second] = server.requests
    expect(JSON.parse(second!.body).messages[1]).toEqual({role: 'assistant', content: '42', reasoning_content: 'Hm, 42'})
    expect(first!.headers['x-grok-conv-id']).toMatch(/^[0-9a-f]{32}$/)
    expect(second!.headers['x-grok-conv-id']).toBe(first!.headers['x-grok-conv-id'])
    await server.close()
  })
})

describe('an error of xAI', () => {
  const NO_PERMISSION = 'The caller does not have permission to execute the specified operation'
  const EXHAUSTED = 'Some resource has been exhausted'

  it.each([
    [400, 'Client specified an invalid argument', 'Incorrect API key provided: xa***2b. You can obtain an API key from …', 'denied', 'KEY_REFUSED'],
    [403, NO_PERMISSION, "Your newly created team doesn't have any credits or licenses yet.", 'denied', 'QUOTA_EXCEEDED'],
    [429, EXHAUSTED, 'Your team has either used all available credits or reached its monthly spending limit.', 'denied', 'QUOTA_EXCEEDED'],
    [429, EXHAUSTED, 'Too many requests for team.', 'busy', 'RATE_LIMIT'],
    [403, NO_PERMISSION, 'Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO', 'usage', 'REQUEST_REFUSED'],
    [400, 'invalid-argument', 'Model grok-build-0.1 does not support parameter reasoningEffort.', 'usage', 'REQUEST_REFUSED'],
    [404, 'Some requested entity was not found', 'The model m does not exist or your team does not have access to it.', 'usage', 'MODEL_UNKNOWN'],
    [400, 'invalid-argument', 'Model not found: m', 'usage', 'MODEL_UNKNOWN'],
  ])('%i %s: %s', async (status, code, said, kind, expected) => {
    const {error} = await ask(plugin, answerWith([JSON.stringify({code, error: said})], {contentType: 'application/json', status}))
    expect(error).toMatchObject({kind, code: expected, message: expect.stringContaining(said)})
  })
})

describe('the cost', () => {
  it('of an answer that does not tell it is reckoned by the list of prices', async () => {
    const prices = await plugin.prices!()
    expect(costOf({inputTokens: 1000, cachedTokens: 400, outputTokens: 100}, priceOf('grok-4.7', prices))).toBeCloseTo((600 * 2 + 400 * 0.5 + 100 * 6) / 1e6, 9)
    expect([prices.source, prices.date]).toEqual([expect.stringMatching(/^https:/), expect.stringMatching(/^\d{4}-\d\d-\d\d$/)])
  })
})
