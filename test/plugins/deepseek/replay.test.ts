import deepseek from '../../../src/plugins/deepseek/plugin.js'
import {KÖLN_OSLO, replayOwn, replayShared} from '../../fixtures/replay-chat-completions.js'

const subject = {plugin: await deepseek()}

replayOwn(subject, /^deepseek-/, {
  'deepseek-thoughts-calls': {
    text: 'Moment.',
    reasoning: 'Beide Städte – nachsehen 🌧',
    calls: KÖLN_OSLO,
    finish: 'tool_calls',
    usage: {inputTokens: 120, outputTokens: 40, reasoningTokens: 12, cachedTokens: 64},
  },
  'deepseek-cut-off': {text: 'Es regnet, und', reasoning: '', calls: [], finish: 'length', usage: {inputTokens: 20, outputTokens: 8, cachedTokens: 0}},
})
replayShared(subject, /^deepseek-/)
