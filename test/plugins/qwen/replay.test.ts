import qwen from '../../../src/plugins/qwen/plugin.js'
import {KÖLN_OSLO, replayOwn, replayShared} from '../../fixtures/replay-chat-completions.js'

const subject = {plugin: await qwen()}

replayOwn(subject, /^qwen-/, {
  'qwen-thoughts': {
    text: '9,9 ≥ 9,11 👍🏽',
    reasoning: 'Größer heißt >',
    calls: [],
    finish: 'stop',
    usage: {inputTokens: 1300, outputTokens: 30, reasoningTokens: 18, cachedTokens: 1024},
  },
  'qwen-calls': {text: '', reasoning: '', calls: KÖLN_OSLO, finish: 'tool_calls', usage: {inputTokens: 300, outputTokens: 40, cachedTokens: 0}},
})
replayShared(subject, /^alibaba-/)
