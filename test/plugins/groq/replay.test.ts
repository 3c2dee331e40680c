import groq from '../../../src/plugins/groq/plugin.js'
import {KÖLN_OSLO, PLAIN_BODY, replayOwn, replayShared} from '../../fixtures/replay-chat-completions.js'

const {stream_options: _, ...sent} = PLAIN_BODY
const subject = {plugin: await groq(), sent}

replayOwn(subject, /^groq-/, {
  'groq-thoughts': {
    text: '9,9 ≥ 9,11 👍🏽',
    reasoning: 'Größer heißt >',
    calls: [],
    finish: 'stop',
    usage: {inputTokens: 82, outputTokens: 31, reasoningTokens: 17, cachedTokens: 64},
  },
  'groq-calls': {
    text: '',
    reasoning: 'Beide Städte 🌧',
    calls: KÖLN_OSLO,
    finish: 'tool_calls',
    usage: {inputTokens: 210, outputTokens: 44, reasoningTokens: 9},
  },
})
replayShared(subject, /^groq-/)
