import {existsSync} from 'node:fs'
import {describe, expect, it} from '@jest/globals'
import type {FinishReason, Usage} from '../../../src/core/providers/provider.js'
import type {ReadAnswer} from '../../../src/core/providers/testing/read-answer.js'
import {answerWith} from '../../../src/core/providers/testing/replies.js'
import gemini from '../../../src/plugins/gemini/plugin.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {ask, JSON_BODY, KEY, OWN, type Protocol, type Recording, readRecordings, replay, SHARED, WEATHER} from '../../fixtures/replay.js'

const plugin = await gemini()

interface Told {
  text: string
  reasoning: string
  calls: {name: string; arguments: string}[]
  finish: string | undefined
  usage: Usage
  /** What the model wants back, in its order. */
  signatures: string[]
}

const call = (location?: string) => ({name: 'weather', arguments: location ? `{"location":"${location}"}` : '{}'})
const COUNTS = {inputTokens: 11, outputTokens: 9, reasoningTokens: 4}
const NOTHING: Told = {text: '', reasoning: '', calls: [], finish: 'stop', usage: COUNTS, signatures: []}

/** What our own say. */
const TOLD: Record<string, Told> = {
  'gemini-thoughts': {
    ...NOTHING,
    text: '9,9 ≥ 9,11 👍🏽',
    reasoning: 'Größer heißt >',
    usage: {...COUNTS, cachedTokens: 8},
    signatures: ['c2lnLTE=', 'c2lnLTI=', 'c2lnLTM='],
  },
  'gemini-parallel-calls': {...NOTHING, calls: [call('Köln'), call('Oslo'), call()], finish: 'tool_calls', signatures: ['c2lnLTE=']},
  'gemini-calls-with-ids': {...NOTHING, text: 'Moment.', calls: [call('Köln'), call('Oslo')], finish: 'tool_calls', signatures: ['c2lnLTE=']},
  'gemini-blocked': {...NOTHING, finish: 'content_filter', usage: {inputTokens: 11}},
  'gemini-filtered': {...NOTHING, text: 'Es war', finish: 'content_filter', usage: {inputTokens: 11}},
  'gemini-stop-each-time': {...NOTHING, text: 'eins zwei dr', finish: 'length', usage: {inputTokens: 11, outputTokens: 3}},
}

/** What the recordings of others say, by eye. */
const SPOTS: Record<string, Partial<Told>> = {
  'google-text': {finish: 'stop', calls: [], reasoning: '', usage: {inputTokens: 9, outputTokens: 208, reasoningTokens: 185}},
  'google-reasoning': {finish: 'stop', calls: [], reasoning: '', usage: {inputTokens: 9, outputTokens: 285, reasoningTokens: 256}},
  'google-tool-call': {text: '', finish: 'tool_calls', calls: [call('San Francisco')], usage: {inputTokens: 29, outputTokens: 60, reasoningTokens: 45}},
}

const streamOf = (lines: readonly string[]) => lines.map((line) => `data: ${line}\r\n\r\n`).join('')

function toldBy({text, reasoning, calls, finish, events, error}: ReadAnswer): Told {
  expect(error).toBeUndefined()
  const usage = events.flatMap((event) => (event.type === 'usage' ? [event.usage] : []))
  expect(usage.length).toBe(1)
  expect(new Set(calls.map(({id}) => id)).size).toBe(calls.length)
  const signatures = events.flatMap((event) => ('signature' in event && event.signature ? [signatureIn(event.signature)] : []))
  return {text, reasoning, finish, usage: usage[0]!, calls: calls.map(({name, arguments: given}) => ({name, arguments: given})), signatures}
}

function signatureIn(signature: unknown): string {
  return typeof signature === 'string' ? signature : (signature as {thoughtSignature: string}).thoughtSignature
}

interface Payload {
  candidates: {content?: {parts?: Part[]}; finishReason?: string}[]
  usageMetadata: Record<string, number>
}

interface Part {
  text?: string
  thought?: boolean
  thoughtSignature?: string
  functionCall?: {name: string; args: object}
}

/** What a recording says, read without any of the product's code. */
function expectedOf(payloads: Payload[]): Told {
  const parts = payloads.flatMap(({candidates}) => candidates[0]?.content?.parts ?? [])
  const calls = parts.flatMap(({functionCall}) => (functionCall ? [functionCall] : []))
  const {promptTokenCount, totalTokenCount, thoughtsTokenCount} = payloads.at(-1)!.usageMetadata
  const join = (kind: boolean) => parts.map(({text = '', thought = false}) => (thought === kind ? text : '')).join('')
  const reasons: Record<string, FinishReason> = {STOP: calls.length > 0 ? 'tool_calls' : 'stop', MAX_TOKENS: 'length'}
  return {
    text: join(false),
    reasoning: join(true),
    calls: calls.map(({name, args}) => ({name, arguments: JSON.stringify(args)})),
    finish: reasons[payloads.flatMap(({candidates}) => candidates[0]?.finishReason ?? []).at(-1)!],
    usage: {inputTokens: promptTokenCount!, outputTokens: totalTokenCount! - promptTokenCount!, reasoningTokens: thoughtsTokenCount!},
    signatures: parts.flatMap(({thoughtSignature}) => thoughtSignature ?? []),
  }
}

const protocol: Protocol<Told> = {
  plugin,
  streamOf,
  toldBy,
  checkSent({method, path, headers: {'x-goog-api-key': key, ...headers}, body}) {
    expect([method, path, key]).toEqual(['POST', '/v1/models/m:streamGenerateContent?alt=sse', KEY])
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.stringify([headers, path, body])).not.toContain(KEY)
    const {parameters, ...weather} = WEATHER
    expect(JSON.parse(body)).toEqual({
      contents: [{role: 'user', parts: [{text: 'Wie ist es?'}]}],
      tools: [{functionDeclarations: [{...weather, parametersJsonSchema: parameters}]}],
    })
  },
}

/** Also as a server sends them that does not know of events. */
function replayLists(recordings: readonly Recording[], check: (recording: Recording, told: Told) => void): void {
  for (const recording of recordings.filter(({lines}) => lines.length > 0))
    it(`${recording.name} as a list of its pieces`, async () => {
      check(recording, toldBy(await ask(plugin, answerWith([`[${recording.lines.join(',\n')}]`], JSON_BODY))))
    })
}

describe('hand-made answers', () => {
  const recordings = readRecordings(OWN, /^gemini-/)

  it('are the ones that are known', () => {
    expect(recordings.map(({name}) => name).sort()).toEqual(Object.keys(TOLD).sort())
  })

  const check = ({name}: Recording, told: Told) => expect(told).toEqual(TOLD[name])
  replay(protocol, recordings, check)
  replayLists(recordings, check)
})

describeUnless(existsSync(SHARED) ? undefined : 'there are no recorded answers beside the project', 'recorded answers', () => {
  const recordings = readRecordings(SHARED, /^google-/)

  const check = ({name, lines, body}: Recording, told: Told, isStream = true) => {
    expect(told).toEqual(expectedOf((isStream ? lines : [body]).map((line) => JSON.parse(line))))
    if (isStream) expect(told).toMatchObject(SPOTS[name] ?? {})
  }
  replay(protocol, recordings, check)
  replayLists(recordings, check)
})
