import grok from '../../../src/plugins/grok/plugin.js'
import {expectedOf, KÖLN_OSLO, type Payload, replayOwn, replayShared, type Told} from '../../fixtures/replay-chat-completions.js'

const subject = {plugin: await grok()}

/** xAI tells the cost in parts of a dollar of which there are 10^10. */
function expectedOfGrok(payloads: readonly (Payload & {usage?: {cost_in_usd_ticks?: number}})[]): Told {
  const [ticks] = payloads.flatMap(({usage}) => usage?.cost_in_usd_ticks ?? []).slice(-1)
  const told = expectedOf(payloads)
  return ticks === undefined ? told : {...told, usage: {...told.usage, cost: ticks / 1e10}}
}

replayOwn(subject, /^grok-/, {
  'grok-calls': {
    text: '',
    reasoning: 'Thinking... ... ',
    calls: KÖLN_OSLO,
    finish: 'tool_calls',
    usage: {inputTokens: 291, outputTokens: 248, reasoningTokens: 196, cachedTokens: 290, cost: 0.0037756},
  },
  'grok-no-thoughts': {
    text: 'Größe 42',
    reasoning: '',
    calls: [],
    finish: 'stop',
    usage: {inputTokens: 197, outputTokens: 1, reasoningTokens: 0, cachedTokens: 192, cost: 0.00041215},
  },
})
replayShared(subject, /^xai-/, {read: expectedOfGrok})
