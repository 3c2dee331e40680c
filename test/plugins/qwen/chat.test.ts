import {describe, expect, it} from '@jest/globals'
import {costOf, priceOf} from '../../../src/core/providers/prices.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import qwen from '../../../src/plugins/qwen/plugin.js'
import {ask, QUESTION} from '../../fixtures/replay.js'
import {chunk, sse} from '../openai/openai-wire.js'

const plugin = await qwen()
const STREAM = {contentType: 'text/event-stream'}
const JSON_BODY = {contentType: 'application/json'}
const HALLO = chunk({delta: {content: 'Hallo'}})
const bodyOf = (message: string, code: string, type = code) => ({error: {message, type, param: null, code}, request_id: '5bf78562'})

describe('an error of Alibaba Cloud', () => {
  it.each([
    [401, bodyOf('Incorrect API key provided.', 'invalid_api_key', 'invalid_request_error'), 'denied', 'KEY_REFUSED', 'Incorrect API key'],
    [
      400,
      bodyOf('<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 8192]', 'invalid_parameter_error', 'invalid_request_error'),
      'usage',
      'REQUEST_REFUSED',
      '(400): Range of max_tokens',
    ],
    [400, bodyOf('Access denied, please make sure your account is in good standing.', 'Arrearage'), 'denied', 'QUOTA_EXCEEDED', 'good standing'],
    [
      403,
      bodyOf('The free tier of the model has been exhausted.', 'AllocationQuota.FreeTierOnly'),
      'denied',
      'QUOTA_EXCEEDED',
      'free tier of the model has been exhausted',
    ],
    [404, bodyOf('The model `m` does not exist or you do not have access to it.', 'model_not_found'), 'usage', 'MODEL_UNKNOWN', 'no model m'],
    [429, bodyOf('You exceeded your current requests list.', 'limit_requests'), 'busy', 'RATE_LIMIT', 'requests list'],
    [400, bodyOf('Input data may contain inappropriate content.', 'data_inspection_failed'), 'usage', 'REQUEST_REFUSED', 'inappropriate content'],
  ])('%i %j', async (status, body, kind, code, said) => {
    const {error} = await ask(plugin, answerWith([JSON.stringify(body)], {...JSON_BODY, status}))
    expect(error).toMatchObject({kind, code, message: expect.stringContaining(said)})
  })

  it('about the tokens of a minute is waited for, although it speaks of billing', async () => {
    const body = bodyOf('You exceeded your current quota, please check your plan and billing details.', 'insufficient_quota')
    const waits: number[] = []
    const options = {retries: 1, onRetry: (_: unknown, waitMs: number) => void waits.push(waitMs)}
    const {error} = await ask(plugin, answerWith([JSON.stringify(body)], {...JSON_BODY, status: 429}), QUESTION, options)
    expect([error?.kind, error?.code, waits.length]).toEqual(['busy', 'RATE_LIMIT', 1])
  })

  it('in the middle of an answer ends it, and about its content is not tried again', async () => {
    const inspected = sse(bodyOf('Output data may contain inappropriate content.', 'data_inspection_failed'))
    const cut = await ask(plugin, answerWith([HALLO, inspected], STREAM))
    expect([cut.text, cut.error?.kind]).toEqual(['Hallo', 'usage'])

    const waits: number[] = []
    const {error} = await ask(plugin, answerWith([inspected], STREAM), QUESTION, {retries: 2, onRetry: (_, waitMs) => void waits.push(waitMs)})
    expect([error?.kind, waits]).toEqual(['usage', []])
  })
})

describe('what is refused before anything is sent', () => {
  it('an image for a model of text', async () => {
    const image = {type: 'attachment', name: 'a.png', mediaType: 'image/png', data: new Uint8Array([1])} as const
    const {error, sent} = await ask(plugin, answerWith([HALLO], STREAM), {...QUESTION, model: 'qwen-plus', messages: [{role: 'user', content: [image]}]})
    expect(error).toMatchObject({kind: 'usage', message: 'qwen takes no images: a.png'})
    expect(sent).toBeUndefined()
  })
})

describe('a schema', () => {
  it('is put in words for a model that has no mode for it', async () => {
    const done = [chunk({delta: {content: '{}'}}), chunk({delta: {}, finish_reason: 'stop'})]
    const {sent} = await ask(plugin, answerWith(done, STREAM), {...QUESTION, model: 'qwen3-max', schema: {type: 'object'}})
    const {messages, response_format} = JSON.parse(sent.body)
    expect(messages[0]).toMatchObject({role: 'system', content: expect.stringMatching(/JSON Schema/)})
    expect(response_format).toEqual({type: 'json_object'})
  })
})

describe('the cost', () => {
  it('of an answer that does not tell it is reckoned by the list of prices', async () => {
    const prices = await plugin.prices!()
    expect(costOf({inputTokens: 1000, outputTokens: 100}, priceOf('qwen3.8-max-2026-09-02', prices))).toBeCloseTo(0.0026, 9)
    expect([prices.source, prices.date]).toEqual([expect.stringMatching(/^https:/), expect.stringMatching(/^\d{4}-\d\d-\d\d$/)])
  })
})
