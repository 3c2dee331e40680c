import {expect} from '@jest/globals'
import mistral from '../../../src/plugins/mistral/plugin.js'
import {expectedOf, type Payload, PLAIN_BODY, replayOwn, replayShared, type Told} from '../../fixtures/replay-chat-completions.js'

const {stream_options: _, ...plain} = PLAIN_BODY
const subject = {plugin: await mistral(), sent: {...plain, prompt_cache_key: expect.stringMatching(/^[0-9a-f]{32}$/)}}

const COUNTS = {inputTokens: 11, outputTokens: 9}
const [KÖLN, OSLO] = ['Köln', 'Oslo'].map((city) => ({name: 'weather', arguments: `{"location": "${city}"}`})) as [Told['calls'][0], Told['calls'][0]]

replayOwn(subject, /^mistral-/, {
  'mistral-thoughts-in-turn': {
    text: 'Laut Atlas.',
    reasoning: 'Größer heißt > Also beide.',
    calls: [KÖLN, OSLO],
    finish: 'tool_calls',
    usage: {...COUNTS, cachedTokens: 8},
  },
  'mistral-tool-pieces': {text: '', reasoning: '', calls: [KÖLN], finish: 'tool_calls', usage: {...COUNTS, cachedTokens: 0}},
  'mistral-model-length': {text: 'Hallo', reasoning: '', calls: [], finish: 'length', usage: COUNTS},
  'mistral-plain-thoughts': {text: '4', reasoning: 'Zwei und zwei', calls: [], finish: 'stop', usage: COUNTS},
})

interface Part {
  text?: string
  thinking?: Part[]
}

/** What a recording says whose content may be a list of thoughts and text. */
function read(payloads: readonly Payload[]): Told {
  const flat = payloads.map((payload) => ({
    ...payload,
    choices: payload.choices.map(({delta, message, ...choice}) => ({...choice, delta: flatten(delta ?? message)})),
  }))
  return expectedOf(flat)
}

function flatten(delta: NonNullable<Payload['choices'][0]['delta']> = {}): typeof delta {
  const parts: unknown = delta.content
  if (!Array.isArray(parts)) return delta
  const [content, reasoning_content] = [parts, parts.flatMap(({thinking = []}: Part) => thinking)].map((some: Part[]) =>
    some.map(({text = ''}) => text).join(''),
  )
  return {...delta, content: String(content), reasoning_content: String(reasoning_content)}
}

const spots = {
  'mistral-reasoning': {
    text: '2 + 2 = 4',
    reasoning: 'The user is asking for 2+2. This is basic arithmetic. 2+2=4.',
    finish: 'stop',
    usage: {inputTokens: 10, outputTokens: 46},
  },
  'mistral-text': {text: 'Hello, world! This is a test response.', reasoning: '', finish: 'stop', usage: {inputTokens: 13, outputTokens: 8}},
  'mistral-tool-call': {
    calls: [{id: 'gSIMJiOkT', name: 'weather', arguments: '{"location": "San Francisco"}'}],
    finish: 'tool_calls',
    usage: {inputTokens: 124, outputTokens: 22},
  },
}

replayShared(subject, /^mistral-/, {spots, read})
