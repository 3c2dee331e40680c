import huggingface from '../../../src/plugins/huggingface/plugin.js'
import {replayOwn} from '../../fixtures/replay-chat-completions.js'

const COUNTS = {inputTokens: 11, outputTokens: 9}

replayOwn({plugin: await huggingface()}, /^huggingface-/, {
  'huggingface-tgi-tool': {
    text: '',
    reasoning: '',
    calls: [{name: 'weather', arguments: '{"location":"Köln"}'}],
    finish: 'tool_calls',
    usage: COUNTS,
  },
  'huggingface-tgi-text': {text: 'Hallo', reasoning: '', calls: [], finish: 'length', usage: COUNTS},
  'huggingface-stop-sequence': {text: 'Hallo', reasoning: '', calls: [], finish: 'stop', usage: COUNTS},
  'huggingface-router-reasoning': {
    text: 'Ja',
    reasoning: 'Größer heißt >',
    calls: [],
    finish: 'stop',
    usage: {...COUNTS, reasoningTokens: 4, cachedTokens: 8, cost: 0.00002},
  },
})
