import nvidia from '../../../src/plugins/nvidia/plugin.js'
import {replayOwn, type Told} from '../../fixtures/replay-chat-completions.js'

const COUNTS = {inputTokens: 11, outputTokens: 9}
const GRÖSSER: Told = {text: 'Ja', reasoning: 'Größer heißt >', calls: [], finish: 'stop', usage: COUNTS}

replayOwn({plugin: await nvidia()}, /^nvidia-/, {
  'nvidia-thinks-aloud': GRÖSSER,
  'nvidia-reasoning-content': GRÖSSER,
  'nvidia-reasoning-tool': {
    text: '',
    reasoning: 'Nachsehen.',
    calls: ['Köln', 'Oslo'].map((city) => ({name: 'weather', arguments: `{"location": "${city}"}`})),
    finish: 'tool_calls',
    usage: COUNTS,
  },
})
