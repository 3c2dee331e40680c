import {describe, expect, it} from '@jest/globals'
import {costOf, priceOf} from '../../../src/core/providers/prices.js'
import type {ChatRequest, GenerationRequest} from '../../../src/core/providers/provider.js'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import deepseek from '../../../src/plugins/deepseek/plugin.js'
import {ask, openProvider, QUESTION} from '../../fixtures/replay.js'
import {chunk} from '../openai/openai-wire.js'

const plugin = await deepseek()
const STREAM = {contentType: 'text/event-stream'}
const DONE = 'data: [DONE]\n\n'
const STOP = chunk({delta: {}, finish_reason: 'stop'})
const answer = (...deltas: object[]) => answerWith([...deltas.map((delta) => chunk({delta})), STOP, DONE], STREAM)
const attach = (name: string, mediaType: string): ChatRequest['messages'] => [
  {role: 'user', content: [{type: 'attachment', name, mediaType, data: new Uint8Array([1])}]},
]

describe('a conversation with a tool', () => {
  it('goes on with the thoughts of every answer, those after the tool too', async () => {
    const server = await new FakeServer().start()
    const called = {tool_calls: [{index: 0, id: 'c1', function: {name: 'weather', arguments: '{}'}}]}
    server.reply(
      answer({reasoning_content: 'Look'}, {reasoning_content: ' it up'}, called),
      answer({reasoning_content: 'It'}, {reasoning_content: ' rains'}, {content: 'Regen'}, {content: '.'}),
      answer({content: 'Ja.'}),
    )
    const provider = await openProvider(plugin, server)
    const first = await provider.generateWithTools(QUESTION)
    const messages = [...QUESTION.messages, first.message, {role: 'tool', toolCallId: 'c1', content: 'rain'} as const]
    const second = await provider.generateWithTools({...QUESTION, messages})
    expect([second.reasoning, second.text]).toEqual(['It rains', 'Regen.'])
    // Kept and read again, as a session is.
    const kept = JSON.parse(JSON.stringify([...messages, second.message, {role: 'user', content: 'Wirklich?'}]))
    await provider.generateWithTools({...QUESTION, messages: kept})
    expect(JSON.parse(server.requests[2]!.body).messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'Look it up',
        tool_calls: [{id: 'c1', type: 'function', function: {name: 'weather', arguments: '{}'}}],
      },
      {role: 'tool', tool_call_id: 'c1', content: 'rain'},
      {role: 'assistant', content: 'Regen.', reasoning_content: 'It rains'},
      {role: 'user', content: 'Wirklich?'},
    ])
    await server.close()
  })
})

describe('what is refused before anything is sent', () => {
  const refused: [string, Partial<GenerationRequest>, RegExp][] = [
    ['an image for a model of text', {model: 'deepseek-v4-pro', messages: attach('a.png', 'image/png')}, /takes no images: a\.png/],
    ['a PDF', {model: 'deepseek-flash', messages: attach('a.pdf', 'application/pdf')}, /a\.pdf: .*application\/pdf/],
    ['an answer longer than the model writes', {model: 'deepseek-flash', maxTokens: 393_217}, /from 1 to 393216/],
  ]

  it.each(refused)('%s', async (_, request, message) => {
    const {error, sent} = await ask(plugin, answer({content: 'no'}), {...QUESTION, ...request})
    expect(error).toMatchObject({kind: 'usage', code: 'REQUEST_INVALID', message: expect.stringMatching(message)})
    expect(sent).toBeUndefined()
  })
})

describe('an error of DeepSeek', () => {
  it('for lack of resources is no end of an answer, and before content is tried again', async () => {
    const givenUp = chunk({delta: {content: ''}, finish_reason: 'insufficient_system_resource'})
    const cut = await ask(plugin, answerWith([chunk({delta: {content: 'Hal'}}), givenUp, DONE], STREAM))
    expect([cut.text, cut.error?.kind, cut.finish]).toEqual(['Hal', 'busy', undefined])

    const waits: number[] = []
    await ask(plugin, answerWith([givenUp, DONE], STREAM), QUESTION, {retries: 1, onRetry: (_, waitMs) => void waits.push(waitMs)})
    expect(waits.length).toBe(1)
  })

  it.each([
    [401, 'Authentication Fails, Your api key: ****1234 is invalid', 'authentication_error', 'denied', 'KEY_REFUSED'],
    [402, 'Insufficient Balance', 'unknown_error', 'denied', 'QUOTA_EXCEEDED'],
    [422, 'Failed to deserialize the JSON body', 'invalid_request_error', 'usage', 'REQUEST_REFUSED'],
    [400, "This model's maximum context length is 1048576 tokens", 'invalid_request_error', 'usage', 'CONTEXT_TOO_LONG'],
    [503, 'Service is too busy', 'service_unavailable_error', 'busy', 'PROVIDER_FAILED'],
  ])('%i %s', async (status, message, type, kind, code) => {
    const body = JSON.stringify({error: {message, type, param: null, code: 'invalid_request_error'}})
    const {error} = await ask(plugin, answerWith([body], {contentType: 'application/json', status}))
    expect(error).toMatchObject({kind, code, message: expect.stringContaining(message)})
  })
})

describe('the cost', () => {
  it('of an answer that does not tell it is reckoned by the list of prices', async () => {
    const prices = await plugin.prices!()
    expect(costOf({inputTokens: 1000, cachedTokens: 400, outputTokens: 100}, priceOf('deepseek-flash', prices))).toBeCloseTo(
      (600 * 0.3 + 400 * 0.006 + 100 * 1.2) / 1e6,
      9,
    )
    expect([prices.source, prices.date]).toEqual([expect.stringMatching(/^https:/), expect.stringMatching(/^\d{4}-\d\d-\d\d$/)])
  })
})
