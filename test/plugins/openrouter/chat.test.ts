import {describe, expect, it} from '@jest/globals'
import type {AssistantMessage} from '../../../src/core/providers/provider.js'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import openrouter from '../../../src/plugins/openrouter/plugin.js'
import {ask, OWN, openProvider, QUESTION, readRecordings, streamOf} from '../../fixtures/replay.js'
import {chunk, sse} from '../openai/openai-wire.js'

const plugin = await openrouter()
const STREAM = {contentType: 'text/event-stream'}
const JSON_BODY = {contentType: 'application/json'}
const DONE = 'data: [DONE]\n\n'
const STOP = chunk({delta: {}, finish_reason: 'stop'})
const HALLO = chunk({delta: {content: 'Hallo'}})

describe('thoughts', () => {
  it.each(readRecordings(OWN, /^openrouter-(signed|encrypted)/))('of $name go back as they came, streamed or not', async ({lines, body}) => {
    const server = await new FakeServer().start()
    server.reply(answerWith([streamOf(lines)], STREAM), answerWith([body], JSON_BODY), answerWith([HALLO, STOP, DONE], STREAM))
    const provider = await openProvider(plugin, server)
    const answers: AssistantMessage[] = []
    for (let count = 0; count < 2; count++) answers.push((await provider.generateWithTools(QUESTION)).message)
    // Kept and read again, as a session is.
    const messages = JSON.parse(JSON.stringify([...QUESTION.messages, ...answers, {role: 'user', content: 'Sicher?'}]))
    await provider.generateWithTools({...QUESTION, messages})
    const {reasoning, reasoning_details} = JSON.parse(body).choices[0].message
    const [, streamed, whole] = JSON.parse(server.requests[2]!.body).messages
    for (const sent of [streamed, whole]) expect(sent).toMatchObject({role: 'assistant', reasoning, reasoning_details})
    await server.close()
  })

  it('without details do not go back', async () => {
    const server = await new FakeServer().start()
    server.reply(answerWith([chunk({delta: {reasoning: 'Hm.'}}), HALLO, STOP, DONE], STREAM), answerWith([HALLO, STOP, DONE], STREAM))
    const provider = await openProvider(plugin, server)
    const {message, reasoning} = await provider.generate(QUESTION)
    expect(reasoning).toBe('Hm.')
    await provider.generate({...QUESTION, messages: [...QUESTION.messages, message, {role: 'user', content: 'Sicher?'}]})
    expect(JSON.parse(server.requests[1]!.body).messages[1]).toEqual({role: 'assistant', content: 'Hallo'})
    await server.close()
  })
})

describe('an error of OpenRouter', () => {
  const raw = JSON.stringify({error: {message: 'max_tokens: 9 > 8, which is the maximum'}})
  const budget = (source: string) => ({limit_source: `openrouter_${source}`, limit_usd: 5})

  it.each([
    [401, 'User not found.', undefined, 'denied', 'KEY_REFUSED'],
    [402, 'Insufficient credits. Add more using https://openrouter.ai/settings/credits', undefined, 'denied', 'QUOTA_EXCEEDED'],
    [402, 'Too much at once', budget('in_flight_budget'), 'busy', 'RATE_LIMIT'],
    [402, 'This request alone is too dear', budget('credits'), 'denied', 'QUOTA_EXCEEDED'],
    [403, 'Only management keys can do this', undefined, 'denied', 'KEY_REFUSED'],
    [403, 'Budget limit exceeded', budget('key_limit'), 'denied', 'QUOTA_EXCEEDED'],
    [403, 'Your input was flagged', {reasons: ['violence'], flagged_input: 'x', provider_name: 'OpenAI'}, 'usage', 'REQUEST_REFUSED'],
    [400, 'm is not a valid model ID', undefined, 'usage', 'MODEL_UNKNOWN'],
    [404, 'No endpoints found for m.', undefined, 'usage', 'MODEL_UNKNOWN'],
    [404, 'No endpoints found that support tool use.', undefined, 'usage', 'REQUEST_REFUSED'],
    [404, 'No endpoints found that can handle the requested parameters.', undefined, 'usage', 'REQUEST_REFUSED'],
    [404, 'No endpoints available matching your guardrail restrictions and data policy.', undefined, 'usage', 'REQUEST_REFUSED'],
    [429, 'Rate limit exceeded: free-models-per-min.', {headers: {'X-RateLimit-Limit': '20'}}, 'busy', 'RATE_LIMIT'],
    [400, 'Provider returned error', {raw, provider_name: 'Anthropic'}, 'usage', 'REQUEST_REFUSED'],
    [502, 'Provider returned error', {raw: 'overloaded', provider_name: 'Nobody'}, 'unavailable', 'PROVIDER_FAILED'],
    [503, 'No provider meets your routing requirements', null, 'busy', 'PROVIDER_FAILED'],
  ])('%i %s %j', async (code, message, metadata, kind, expected) => {
    const error = {code, message, ...(metadata !== undefined && {metadata})}
    // In place of an answer, also under the status of one, and at the beginning of it.
    const midStream = sse({id: 'gen-1', choices: [{index: 0, delta: {content: ''}, finish_reason: 'error'}], error})
    const replies = [
      answerWith([JSON.stringify({error, user_id: 'u'})], {...JSON_BODY, status: code}),
      answerWith([JSON.stringify({error, user_id: 'u'})], JSON_BODY),
      answerWith([': OPENROUTER PROCESSING\n\n', midStream], STREAM),
    ]
    for (const reply of replies) expect((await ask(plugin, reply)).error).toMatchObject({kind, code: expected, message: expect.stringContaining(message)})
  })

  it.each([
    [raw, 'Provider returned error (Anthropic: max_tokens: 9 > 8, which is the maximum)'],
    ['{"message":"overloaded"}', 'Provider returned error (Anthropic: overloaded)'],
    ['<html>', 'Provider returned error (Anthropic: <html>)'],
  ])('has the words of the provider behind it: %s', async (words, said) => {
    const body = JSON.stringify({error: {code: 400, message: 'Provider returned error', metadata: {raw: words, provider_name: 'Anthropic'}}})
    expect((await ask(plugin, answerWith([body], {...JSON_BODY, status: 400}))).error?.message).toContain(said)
  })

  it('after text ends the answer', async () => {
    const broken = sse({id: 'gen-1', choices: [{index: 0, delta: {content: ''}, finish_reason: 'error'}], error: {code: 502, message: 'Upstream idle'}})
    const {error, text} = await ask(plugin, answerWith([HALLO, broken, DONE], STREAM), QUESTION, {retries: 3})
    expect([text, error?.kind]).toEqual(['Hallo', 'unavailable'])
    expect(error?.message).toContain('Upstream idle')
  })
})

it('models are listed with their context and what they cost for a million tokens', async () => {
  const server = await new FakeServer().start()
  const pricing = {prompt: '0.000003', completion: '0.000015', input_cache_read: '0.0000003', input_cache_write: '0.00000375', request: '0'}
  const data = [
    {id: 'anthropic/claude-sonnet-4.5', context_length: 1_000_000, pricing},
    {id: 'z-ai/glm-5.3:free', context_length: 200_000, pricing: {prompt: '0', completion: '0'}},
    {id: 'openrouter/auto', context_length: 2_000_000, pricing: {prompt: '-1', completion: '-1'}},
    {id: 'of/nobody', pricing: null},
  ]
  server.reply(answerWith([JSON.stringify({data})], JSON_BODY), answerWith([JSON.stringify(data.slice(0, 1))], JSON_BODY))
  const provider = await openProvider(plugin, server)
  const sonnet = {id: 'anthropic/claude-sonnet-4.5', contextTokens: 1_000_000, price: {input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75}}
  expect(await provider.listModels()).toEqual([
    sonnet,
    {id: 'z-ai/glm-5.3:free', contextTokens: 200_000, price: {input: 0, output: 0}},
    {id: 'openrouter/auto', contextTokens: 2_000_000},
    {id: 'of/nobody'},
  ])
  expect(await provider.listModels()).toEqual([sonnet])
  await server.close()
})

it('OpenRouter is told which program asks', async () => {
  const {sent} = await ask(plugin, answerWith([HALLO, STOP, DONE], STREAM))
  expect(sent.headers['x-title']).toBe('Helix')
})
