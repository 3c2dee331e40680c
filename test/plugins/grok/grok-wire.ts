import type {ProviderWire} from '../../../src/core/providers/testing/provider-wire.js'
import {openaiWire, sse} from '../openai/openai-wire.js'

const TICKS_PER_DOLLAR = 10_000_000_000

/** How xAI's chat completions look on the wire. */
export const grokWire: ProviderWire = {
  ...openaiWire,
  usage: [...openaiWire.usage, 'cost'],
  // Thoughts are counted apart from the answer, and the cost in parts of a dollar.
  answer(events) {
    const others = events.filter(({type}) => type !== 'usage')
    const usage = events.findLast((event) => event.type === 'usage')?.usage
    const pieces = openaiWire.answer(others)
    if (!usage) return pieces
    const {inputTokens = 0, outputTokens = 0, cachedTokens, reasoningTokens = 0, cost} = usage
    const counts = {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens - reasoningTokens,
      total_tokens: inputTokens + outputTokens,
      prompt_tokens_details: {text_tokens: inputTokens, cached_tokens: cachedTokens},
      completion_tokens_details: {...(usage.reasoningTokens !== undefined && {reasoning_tokens: reasoningTokens})},
      ...(cost !== undefined && {cost_in_usd_ticks: Math.round(cost * TICKS_PER_DOLLAR)}),
    }
    const told = sse({id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [], usage: counts})
    const end = pieces.at(-1)?.includes('[DONE]') ? -1 : pieces.length
    return [...pieces.slice(0, end), told, ...pieces.slice(end)]
  },
  errorBody: (status, message) => JSON.stringify({code: status === 404 ? 'Some requested entity was not found' : 'invalid-argument', error: message}),
  errorPiece: (message) => sse({code: 'Internal error', error: message}),
  read(request) {
    const {max_completion_tokens: maxTokens} = JSON.parse(request.body)
    return {...openaiWire.read(request), maxTokens}
  },
}
