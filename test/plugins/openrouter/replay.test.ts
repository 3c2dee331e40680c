import openrouter from '../../../src/plugins/openrouter/plugin.js'
import {KÖLN_OSLO, replayOwn, replayShared} from '../../fixtures/replay-chat-completions.js'

const subject = {plugin: await openrouter()}

replayOwn(subject, /^openrouter-/, {
  'openrouter-signed': {
    text: '9,9 ≥ 9,11 👍🏽',
    reasoning: 'Größer heißt >',
    calls: [],
    finish: 'stop',
    usage: {inputTokens: 2300, outputTokens: 40, reasoningTokens: 12, cachedTokens: 2048, cacheWriteTokens: 200, cost: 0.0041},
  },
  'openrouter-encrypted': {
    text: '',
    reasoning: '**Zwei Städte**',
    calls: KÖLN_OSLO,
    finish: 'tool_calls',
    // What the provider of the user's own key takes comes on top of OpenRouter's fee.
    usage: {inputTokens: 120, outputTokens: 60, reasoningTokens: 32, cachedTokens: 0, cost: 0.00105},
  },
  'openrouter-no-details': {text: 'Jawohl', reasoning: 'Hm.', calls: [], finish: 'length', usage: {inputTokens: 14, outputTokens: 9, cost: 0}},
})
replayShared(subject, /^openrouter-/)
