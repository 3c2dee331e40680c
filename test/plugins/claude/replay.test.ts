import {existsSync} from 'node:fs'
import {describe, expect, it} from '@jest/globals'
import {ResponseCollector} from '../../../src/core/providers/collect-response.js'
import type {AssistantMessage, ToolGenerationRequest, Usage} from '../../../src/core/providers/provider.js'
import type {RecordedRequest} from '../../../src/core/providers/testing/fake-server.js'
import type {ReadAnswer} from '../../../src/core/providers/testing/read-answer.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import claude from '../../../src/plugins/claude/plugin.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {ask, KEY, OWN, type Protocol, readRecordings, replay, SHARED, STREAM, WEATHER} from '../../fixtures/replay.js'

const plugin = await claude()

const JSON_TOOL = {name: 'json', description: 'takes the answer', parameters: {type: 'object', properties: {elements: {type: 'array'}}, required: ['elements']}}
const QUESTION: ToolGenerationRequest = {
  model: 'claude-sonnet-4-5',
  messages: [
    {role: 'system', content: 'Sei kurz.'},
    {role: 'user', content: 'Wie ist es?'},
  ],
  tools: [WEATHER, JSON_TOOL],
}
const KEEP = {cache_control: {type: 'ephemeral'}}

interface Told {
  text: string
  reasoning: string
  calls: {id: string; name: string; arguments: unknown}[]
  finish: string | undefined
  usage: Usage
}

/** What the recordings of others say, by eye. */
const SPOTS: Record<string, Partial<Told>> = {
  'anthropic-text': {reasoning: '', finish: 'stop', usage: {inputTokens: 12, outputTokens: 30, cachedTokens: 0, cacheWriteTokens: 0}},
  'anthropic-clear-thinking.1': {text: '925 ÷ 5 = 185', finish: 'stop', usage: {inputTokens: 69, outputTokens: 53, cachedTokens: 0, cacheWriteTokens: 0}},
  'anthropic-json-tool.1': {
    text: '',
    calls: [{id: 'toolu_01KFbKqPYSuAKujiL6mTfzYA', name: 'json', arguments: {elements: [{location: 'San Francisco', temperature: 58, condition: 'sunny'}]}}],
    finish: 'tool_calls',
  },
}

const COUNTS = {inputTokens: 11, outputTokens: 9, cachedTokens: 0, cacheWriteTokens: 0}
const NOTHING = {text: '', reasoning: '', calls: []}

/** What our own say. */
const TOLD: Record<string, Told> = {
  'anthropic-interleaved': {
    text: 'Ich sehe nach 🌦.',
    reasoning: 'Größer heißt >Und Oslo?',
    calls: [
      {id: 'toolu_1', name: 'weather', arguments: {location: 'Köln'}},
      {id: 'toolu_2', name: 'weather', arguments: {}},
    ],
    finish: 'tool_calls',
    usage: {...COUNTS, outputTokens: 90, reasoningTokens: 60},
  },
  'anthropic-refusal': {...NOTHING, text: 'This request could enable cyber harm.', finish: 'refusal', usage: {...COUNTS, outputTokens: 2}},
  'anthropic-refusal-midway': {...NOTHING, text: 'Zuerst nimmt man', finish: 'refusal', usage: COUNTS},
  'anthropic-context-full': {...NOTHING, text: 'Es war einmal', finish: 'length', usage: COUNTS},
  'anthropic-paused': {...NOTHING, text: 'Es regnet.', finish: 'length', usage: {...COUNTS, outputTokens: 20}},
  'anthropic-cached': {
    ...NOTHING,
    text: 'Hallo',
    finish: 'stop',
    usage: {inputTokens: 3205, outputTokens: 30, cachedTokens: 3000, cacheWriteTokens: 200},
  },
  'anthropic-all-at-once': {
    text: 'Moment.',
    reasoning: '',
    calls: [{id: 'call:1', name: 'weather', arguments: {location: 'Köln'}}],
    finish: 'tool_calls',
    usage: {inputTokens: 11, outputTokens: 9},
  },
}

function toldBy({text, reasoning, calls, finish, events, error}: ReadAnswer): Told {
  expect(error).toBeUndefined()
  expect(calls.map(({problem}) => problem).filter(Boolean)).toEqual([])
  const usage = events.flatMap((event) => (event.type === 'usage' ? [event.usage] : []))
  expect(usage.length).toBe(1)
  return {text, reasoning, finish, usage: usage[0] ?? {}, calls: calls.map(({id, name, arguments: given}) => ({id, name, arguments: JSON.parse(given)}))}
}

interface Payload {
  type: string
  index?: number
  message?: {usage: Counts}
  content_block?: Block
  content?: Block[]
  delta?: {text?: string; thinking?: string; partial_json?: string; stop_reason?: string}
  stop_reason?: string
  usage?: Counts
}

interface Block {
  type: string
  text?: string
  thinking?: string
  id?: string
  name?: string
  input?: unknown
}

interface Counts {
  input_tokens: number
  output_tokens: number
}

const FINISHES: Record<string, string> = {end_turn: 'stop', tool_use: 'tool_calls'}

/** What a recording says, read without any of the product's code. */
function expectedOf(payloads: Payload[]): Told {
  const whole = payloads[0]?.content ?? []
  const deltas = payloads.map(({delta}) => delta ?? {})
  const inputOf = ({index}: Payload) => JSON.parse(payloads.map((payload) => (payload.index === index && payload.delta?.partial_json) || '').join('') || '{}')
  const begun = payloads.flatMap((payload) => (payload.content_block?.type === 'tool_use' ? [{...payload.content_block, input: inputOf(payload)}] : []))
  const calls = [...begun, ...whole.filter(({type}) => type === 'tool_use')]
  const {input_tokens, output_tokens} = payloads.findLast(({usage}) => usage)!.usage!
  return {
    text: [...deltas, ...whole].map(({text = ''}) => text).join(''),
    reasoning: [...deltas, ...whole].map(({thinking = ''}) => thinking).join(''),
    calls: calls.map(({id = '', name = '', input}) => ({id, name, arguments: input})),
    finish: FINISHES[payloads.map(({delta, stop_reason}) => delta?.stop_reason ?? stop_reason).find(Boolean)!],
    // In none of them anything was cached.
    usage: {inputTokens: input_tokens, outputTokens: output_tokens, cachedTokens: 0, cacheWriteTokens: 0},
  }
}

function streamOf(lines: readonly string[]): string {
  return lines.map((line) => `event: ${JSON.parse(line).type}\ndata: ${line}\n\n`).join('')
}

function checkSent({method, path, headers: {'x-api-key': key, ...headers}, body}: RecordedRequest): void {
  expect([method, path, key]).toEqual(['POST', '/v1/messages', KEY])
  expect(headers).toMatchObject({'anthropic-version': '2023-06-01', 'content-type': 'application/json'})
  expect(headers).not.toHaveProperty('authorization')
  expect(JSON.stringify([headers, body])).not.toContain(KEY)
  expect(JSON.parse(body)).toEqual({
    model: 'claude-sonnet-4-5',
    max_tokens: 64_000,
    stream: true,
    system: [{type: 'text', text: 'Sei kurz.', ...KEEP}],
    messages: [{role: 'user', content: [{type: 'text', text: 'Wie ist es?', ...KEEP}]}],
    tools: [
      {name: 'weather', input_schema: WEATHER.parameters},
      {name: 'json', description: 'takes the answer', input_schema: JSON_TOOL.parameters},
    ],
  })
}

const protocol: Protocol<Told> = {plugin, question: QUESTION, streamOf, toldBy, checkSent}

describe('hand-made answers', () => {
  const recordings = readRecordings(OWN, /^anthropic-/)

  it('are the ones that are known', () => {
    expect(recordings.map(({name}) => name).sort()).toEqual(Object.keys(TOLD).sort())
  })

  replay(protocol, recordings, ({name}, told) => expect(told).toEqual(TOLD[name]))

  it('go back block by block as they came', async () => {
    for (const name of ['anthropic-interleaved', 'anthropic-cached']) {
      const {lines, body} = recordings.find((recording) => recording.name === name)!
      const {events} = await ask(plugin, answerWith([streamOf(lines)], STREAM), QUESTION)
      const collector = new ResponseCollector('claude/claude-sonnet-4-5')
      for (const event of events) collector.add(event)
      const {message, toolCalls} = collector.response()
      // Kept and read again, as a session is.
      const kept: AssistantMessage = JSON.parse(JSON.stringify(message))
      const results = toolCalls.map(({id}) => ({role: 'tool', toolCallId: id, content: 'Regen'}) as const)
      const request = {...QUESTION, messages: [...QUESTION.messages, kept, ...results, {role: 'user', content: 'Und?'} as const]}
      const {sent} = await ask(plugin, answerWith([streamOf(lines)], STREAM), request)
      expect(JSON.parse(sent.body).messages[1]).toEqual({role: 'assistant', content: JSON.parse(body).content})
    }
  })
})

describeUnless(existsSync(SHARED) ? undefined : 'there are no recorded answers beside the project', 'recorded answers', () => {
  const recordings = readRecordings(SHARED, /^anthropic-/)

  it('are the ones that are known', () => {
    expect(recordings.map(({name}) => name).sort()).toEqual(Object.keys(SPOTS).sort())
  })

  replay(protocol, recordings, ({name, lines, body}, told, isStream) => {
    expect(told).toEqual(expectedOf((isStream ? lines : [body]).map((line) => JSON.parse(line))))
    if (isStream) expect(told).toMatchObject(SPOTS[name]!)
  })
})
