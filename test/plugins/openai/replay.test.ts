import {existsSync} from 'node:fs'
import {describe, expect, it} from '@jest/globals'
import {openFetch} from '../../../src/core/providers/open-fetch.js'
import type {Usage} from '../../../src/core/providers/provider.js'
import type {ReadAnswer} from '../../../src/core/providers/testing/read-answer.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import {splittingFetch} from '../../../src/core/providers/testing/split-bytes.js'
import openai from '../../../src/plugins/openai/plugin.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {ask, KEY, OWN, QUESTION, type Recording, readRecordings, SHARED, streamOf, WEATHER} from '../../fixtures/replay.js'

const plugin = await openai()
const STREAM = {contentType: 'text/event-stream'}
const JSON_BODY = {contentType: 'application/json'}

interface Told {
  text: string
  reasoning: string
  calls: {id?: string; name: string; arguments: string}[]
  finish: string | undefined
  usage: Usage
}

const KÖLN_OSLO = ['{"location": "Köln"}', '{"location": "Oslo"}'].map((text) => ({name: 'weather', arguments: text}))

/** What the recordings of others say, by eye. */
const SPOTS: Record<string, Partial<Told>> = {
  'xai-text': {text: 'Grok', finish: 'stop', usage: {inputTokens: 12, outputTokens: 342, reasoningTokens: 340, cachedTokens: 11}},
  'groq-text': {reasoning: '', finish: 'stop', usage: {inputTokens: 45, outputTokens: 662}},
  'groq-tool-call': {calls: [{id: 'tk85n1k4m', name: 'weather', arguments: '{}'}], finish: 'tool_calls', usage: {inputTokens: 210, outputTokens: 15}},
  'deepseek-reasoning': {finish: 'stop', usage: {inputTokens: 18, outputTokens: 219, reasoningTokens: 205, cachedTokens: 0}},
  'deepseek-text': {finish: 'length', reasoning: ''},
  'deepseek-tool-call': {finish: 'tool_calls', usage: {inputTokens: 339, outputTokens: 83, reasoningTokens: 39, cachedTokens: 320}},
  'alibaba-text': {finish: 'stop', usage: {inputTokens: 18, outputTokens: 779, cachedTokens: 0}},
  'alibaba-tool-call': {
    calls: [{id: 'call_eee11723464a4b9eb8cee71d', name: 'weather', arguments: '{"location": "San Francisco"}'}],
    usage: {inputTokens: 295, outputTokens: 22, cachedTokens: 0},
  },
}

const COUNTS = {inputTokens: 11, outputTokens: 9}

/** What our own say. */
const TOLD: Record<string, Told> = {
  'openai-reasoning': {text: '9,9 ≥ 9,11 👍🏽', reasoning: 'Größer heißt >', calls: [], finish: 'stop', usage: {...COUNTS, reasoningTokens: 4}},
  'openai-reasoning-apart': {
    text: 'Ja',
    reasoning: 'Hm.',
    calls: [],
    finish: 'stop',
    usage: {inputTokens: 11, outputTokens: 29, reasoningTokens: 28, cachedTokens: 8},
  },
  'openai-tool-pieces': {text: '', reasoning: '', calls: KÖLN_OSLO, finish: 'tool_calls', usage: {...COUNTS, cachedTokens: 0}},
  'openai-tools-bare': {
    text: 'Moment.',
    reasoning: '',
    calls: [KÖLN_OSLO[0]!, {name: 'weather', arguments: '{"location":"Oslo"}'}],
    finish: 'tool_calls',
    usage: {},
  },
  'openai-tools-one-index': {text: '', reasoning: '', calls: KÖLN_OSLO, finish: 'tool_calls', usage: COUNTS},
  'openai-function-call': {text: '', reasoning: '', calls: [KÖLN_OSLO[1]!], finish: 'tool_calls', usage: {}},
  'openai-usage-apart': {text: 'Hallo', reasoning: '', calls: [], finish: 'length', usage: COUNTS},
  'openai-cache-hits': {text: 'Hallo', reasoning: '', calls: [], finish: 'stop', usage: {...COUNTS, cachedTokens: 10}},
  'openai-refusal': {text: 'I cannot help with that.', reasoning: '', calls: [], finish: 'refusal', usage: COUNTS},
  'openai-parts': {text: '2 + 2 = 4', reasoning: 'Two and two', calls: [], finish: 'stop', usage: COUNTS},
}

const ALL_KEYS = ['text', 'reasoning', 'calls', 'finish', 'usage'] as const

function toldBy({text, reasoning, calls, finish, events, error}: ReadAnswer): Told {
  expect(error).toBeUndefined()
  expect(calls.map(({problem}) => problem).filter(Boolean)).toEqual([])
  const usage = events.flatMap((event) => (event.type === 'usage' ? [event.usage] : []))
  expect(usage.length).toBeLessThanOrEqual(1)
  return {text, reasoning, finish, usage: usage[0] ?? {}, calls: calls.map(({id, name, arguments: given}) => ({id, name, arguments: given}))}
}

/** What a recording says, read without any of the product's code. */
function expectedOf(payloads: {choices: {delta?: Payload; message?: Payload; finish_reason?: string}[]; usage?: Counts}[]): Told {
  const choices = payloads.flatMap(({choices: [choice]}) => (choice ? [choice] : []))
  const deltas = choices.map(({delta, message}) => delta ?? message ?? {})
  const pieces = deltas.flatMap(({tool_calls}) => tool_calls ?? [])
  const numbers = [...new Set(pieces.map(({index = 0}) => index))]
  const {prompt_tokens, total_tokens, prompt_tokens_details, completion_tokens_details} = payloads.findLast(({usage}) => usage)!.usage!
  return {
    text: deltas.map(({content}) => content ?? '').join(''),
    reasoning: deltas.map(({reasoning_content}) => reasoning_content ?? '').join(''),
    calls: numbers.map((number) => {
      const own = pieces.filter(({index = 0}) => index === number)
      return {id: own[0]!.id!, name: own[0]!.function.name!, arguments: own.map((piece) => piece.function.arguments ?? '').join('')}
    }),
    finish: choices.findLast(({finish_reason}) => finish_reason)?.finish_reason,
    usage: {
      inputTokens: prompt_tokens,
      outputTokens: total_tokens - prompt_tokens,
      ...(completion_tokens_details && {reasoningTokens: completion_tokens_details.reasoning_tokens}),
      ...(prompt_tokens_details && {cachedTokens: prompt_tokens_details.cached_tokens}),
    },
  }
}

interface Payload {
  content?: string
  reasoning_content?: string
  tool_calls?: {index?: number; id?: string; function: {name?: string; arguments?: string}}[]
}

interface Counts {
  prompt_tokens: number
  total_tokens: number
  prompt_tokens_details?: {cached_tokens: number}
  completion_tokens_details?: {reasoning_tokens: number}
}

/** Each recording in the three ways in which it may come. */
function replay(recordings: Recording[], check: (recording: Recording, told: Told, isStream: boolean) => void): void {
  for (const recording of recordings)
    describe(recording.name, () => {
      const stream = streamOf(recording.lines)

      it('streamed', async () => {
        const {sent, ...answer} = await ask(plugin, answerWith([stream], STREAM))
        check(recording, toldBy(answer), true)
        expect([sent.method, sent.path]).toEqual(['POST', '/v1/chat/completions'])
        const {authorization, ...headers} = sent.headers
        expect(authorization).toBe(`Bearer ${KEY}`)
        expect(headers['content-type']).toBe('application/json')
        expect(JSON.stringify([headers, sent.path, sent.body])).not.toContain(KEY)
        expect(JSON.parse(sent.body)).toEqual({
          model: 'm',
          messages: QUESTION.messages,
          stream: true,
          stream_options: {include_usage: true},
          tools: [{type: 'function', function: WEATHER}],
        })
      })

      it('streamed byte by byte', async () => {
        check(recording, toldBy(await ask(plugin, answerWith([stream], STREAM), QUESTION, {fetch: splittingFetch(1)})), true)
      })

      it('as a whole, where the server does not stream', async () => {
        const {fetch, close} = await openFetch(5)
        check(recording, toldBy(await ask(plugin, answerWith([recording.body], JSON_BODY), QUESTION, {fetch})), false)
        await close()
      })
    })
}

describe('hand-made answers', () => {
  const recordings = readRecordings(OWN, /^openai-/)

  it('are the ones that are known', () => {
    expect(recordings.map(({name}) => name).sort()).toEqual(Object.keys(TOLD).sort())
  })

  replay(recordings, ({name}, told) => {
    expect({...told, calls: told.calls.map(({name: tool, arguments: text}) => ({name: tool, arguments: text}))}).toEqual(TOLD[name])
    expect(new Set(told.calls.map(({id}) => id)).size).toBe(told.calls.length)
  })
})

describeUnless(existsSync(SHARED) ? undefined : 'there are no recorded answers beside the project', 'recorded answers', () => {
  const recordings = readRecordings(SHARED, /^(xai|groq|deepseek|alibaba)-/)

  it('are the ones that are known', () => {
    expect(recordings.map(({name}) => name).sort()).toEqual(Object.keys(SPOTS).sort())
  })

  replay(recordings, ({name, lines, body}, told, isStream) => {
    const expected = expectedOf((isStream ? lines : [body]).map((line) => JSON.parse(line)))
    for (const key of ALL_KEYS) expect(told[key]).toEqual(expected[key])
    if (isStream) expect(told).toMatchObject(SPOTS[name]!)
  })
})
