import {describe, expect, it} from '@jest/globals'
import type {ProviderError} from '../../../src/core/providers/provider-error.js'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import gemini from '../../../src/plugins/gemini/plugin.js'
import {ask, openProvider, QUESTION} from '../../fixtures/replay.js'
import {chunk, sse} from './gemini-wire.js'

const plugin = await gemini()
const STREAM = {contentType: 'text/event-stream'}
const JSON_BODY = {contentType: 'application/json; charset=UTF-8'}
const HALLO = chunk([{text: 'Hallo'}])
const STOP = chunk([], {finishReason: 'STOP'})

const OVER =
  'You exceeded your current quota, please check your plan and billing details. For more, head to: https://ai.google.dev/gemini-api/docs/rate-limits.'
const RETRY = {'@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '26.5s'}
const quota = (quotaId: string) => ({'@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{quotaId, quotaValue: '5'}]})
const MINUTE = quota('GenerateRequestsPerMinutePerProjectPerModel-FreeTier')
const DAY = quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier')

/** How often a request was sent whose first answers were refused so, how long was waited, and the error in the end, if any. */
async function refuse(status: number, error: object, headers: Record<string, string> = {}, wrap: (body: object) => unknown = (body) => body) {
  const server = await new FakeServer().start()
  server.reply(answerWith([JSON.stringify(wrap({error: {code: status, ...error}}))], {...JSON_BODY, status, headers}), answerWith([HALLO, STOP], STREAM))
  const waits: number[] = []
  const provider = await openProvider(plugin, server, {retries: 1, onRetry: (_, waitMs) => void waits.push(waitMs)})
  const failed = await provider.generate(QUESTION).then(
    () => undefined,
    (thrown: ProviderError) => thrown,
  )
  await server.close()
  return {requests: server.requests.length, waits, failed}
}

describe('a refused request', () => {
  it.each([
    [
      400,
      {message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT', details: [{reason: 'API_KEY_INVALID'}]},
      'denied',
      'KEY_REFUSED',
    ],
    [400, {message: 'API key expired. Please renew the API key.', status: 'INVALID_ARGUMENT', details: [{reason: 'API_KEY_INVALID'}]}, 'denied', 'KEY_REFUSED'],
    [403, {message: 'Your API key was reported as leaked.', status: 'PERMISSION_DENIED'}, 'denied', 'KEY_REFUSED'],
    [400, {message: 'The input token count (3475108) exceeds the maximum number of tokens allowed (1048576).'}, 'usage', 'CONTEXT_TOO_LONG'],
    [404, {message: 'models/m is not found for API version v1beta. Call ListModels to see the list.', status: 'NOT_FOUND'}, 'usage', 'MODEL_UNKNOWN'],
    [400, {message: 'Unsupported MIME type: image/gif', status: 'INVALID_ARGUMENT'}, 'usage', 'REQUEST_REFUSED'],
    [429, {message: OVER, status: 'RESOURCE_EXHAUSTED'}, 'denied', 'QUOTA_EXCEEDED'],
    [429, {message: `${OVER}\n* Quota exceeded for metric: x, limit: 0, model: m`, details: [MINUTE, RETRY]}, 'denied', 'QUOTA_EXCEEDED'],
  ])('with %i and %j is of kind %s, %s, and not sent again', async (status, error, kind, code) => {
    const {failed, requests} = await refuse(status, error)
    expect([failed?.kind, failed?.code, requests]).toEqual([kind, code, 1])
  })

  it.each([
    ['what Google asks for', {message: OVER, status: 'RESOURCE_EXHAUSTED', details: [MINUTE, RETRY]}, {}, 26_500],
    ['that, of a limit without a name', {message: OVER, details: [RETRY]}, {}, 26_500],
    ['Retry-After before that', {message: OVER, details: [MINUTE, RETRY]}, {'retry-after': '3'}, 3000],
    ['that, of a server that is busy', {message: 'overloaded', status: 'UNAVAILABLE', details: [RETRY]}, {}, 26_500],
  ])('is sent again after %s', async (_, error, headers, wait) => {
    expect(await refuse('UNAVAILABLE' === (error as {status?: string}).status ? 503 : 429, error, headers)).toEqual({
      requests: 2,
      waits: [wait],
      failed: undefined,
    })
  })

  it('because of a limit says which', async () => {
    const body = JSON.stringify({error: {code: 429, message: OVER, details: [MINUTE, RETRY]}})
    const {error} = await ask(plugin, answerWith([body], {...JSON_BODY, status: 429}))
    expect(error).toMatchObject({
      kind: 'busy',
      code: 'RATE_LIMIT',
      message: expect.stringContaining('GenerateRequestsPerMinutePerProjectPerModel-FreeTier (5)'),
    })
  })

  it('because of the limit of a day is not sent again, though Google asks to come back in a minute', async () => {
    const {failed, requests} = await refuse(429, {message: OVER, details: [MINUTE, DAY, RETRY]})
    expect(failed).toMatchObject({kind: 'busy', code: 'RATE_LIMIT', message: expect.stringContaining('today'), hint: expect.stringContaining('midnight')})
    expect(requests).toBe(1)
  })

  it('is understood in a list too, which comes where no events were asked for', async () => {
    const {failed} = await refuse(400, {message: 'bad', status: 'INVALID_ARGUMENT'}, {}, (body) => [body])
    expect(failed).toMatchObject({kind: 'usage', message: 'gemini refused the request (400): bad'})
  })

  it.each([
    ['bad top_p', 'bad top_p'],
    ['', 'gives no reason'],
    ['{"error":"bad top_p"}', 'bad top_p'],
    ['{"error":{}}', 'gives no reason'],
    ['<html><title>Bad Request</title>', 'Bad Request'],
    ['<html>', 'a web page'],
  ])('with the body %j says %s', async (body, said) => {
    const {error} = await ask(plugin, answerWith([body], {...JSON_BODY, status: 400}))
    expect(error).toMatchObject({kind: 'usage', code: 'REQUEST_REFUSED', message: expect.stringContaining(said)})
  })
})

describe('an error in place of an answer or in its middle', () => {
  it.each([
    [{code: 503, message: 'overloaded', status: 'UNAVAILABLE'}, 'busy', 'overloaded'],
    [{message: 'overloaded', status: 'UNAVAILABLE'}, 'busy', 'overloaded'],
    [{message: 'no', status: 'PERMISSION_DENIED'}, 'denied', 'no'],
    [{status: 'DEADLINE_EXCEEDED'}, 'unavailable', 'DEADLINE_EXCEEDED'],
    [{message: 'odd', status: 'SOMETHING_NEW'}, 'unavailable', 'odd'],
    [{code: 429, message: OVER, details: [MINUTE]}, 'busy', 'PerMinute'],
  ])('%j', async (failure, kind, said) => {
    for (const before of [[], [HALLO]]) {
      const {error, text} = await ask(plugin, answerWith([...before, sse({error: failure})], STREAM))
      expect(error).toMatchObject({kind, message: expect.stringContaining(said)})
      expect(text).toBe(before.length > 0 ? 'Hallo' : '')
    }
  })

  it('of garbage is a cut', async () => {
    const {error, text} = await ask(plugin, answerWith([HALLO, 'data: {"candidates": [{"con\r\n\r\n', STOP], STREAM))
    expect([error?.code, text]).toEqual(['STREAM_CUT', 'Hallo'])
  })

  it.each([
    ['{"status":"ok"}', 'ENDPOINT_WRONG'],
    ['[]', 'ENDPOINT_WRONG'],
    ['OK', 'ENDPOINT_WRONG'],
    ['[{"candidates": [{"con', 'STREAM_CUT'],
    ['{"error":{"code":500,"message":"no memory left"}}', 'PROVIDER_FAILED'],
  ])('with the status 200 and the body %s: %s', async (body, code) => {
    expect((await ask(plugin, answerWith([body], JSON_BODY))).error).toMatchObject({code})
  })
})
