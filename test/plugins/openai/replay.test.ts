import openai from '../../../src/plugins/openai/plugin.js'
import {KÖLN_OSLO, replayOwn, replayShared, type Told} from '../../fixtures/replay-chat-completions.js'

const subject = {plugin: await openai()}

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

replayOwn(subject, /^openai-/, TOLD)
replayShared(subject, /^(xai|groq|deepseek|alibaba)-/)
