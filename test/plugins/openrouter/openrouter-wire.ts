import type {AdapterEvent} from '../../../src/core/providers/answer-assembler.js'
import type {ProviderWire} from '../../../src/core/providers/testing/provider-wire.js'
import type {ReasoningDetail} from '../../../src/plugins/openrouter/thoughts.js'
import {chunk, openaiWire, sse} from '../openai/openai-wire.js'

const DETAIL = {type: 'reasoning.text', format: 'anthropic-claude-v1', index: 0}
const SIGNATURE = [{...DETAIL, text: 'Hm, größer?', signature: 'c2lnLTE='}]

/** How OpenRouter's chat completions look on the wire. */
export const openrouterWire: ProviderWire = {
  ...openaiWire,
  signature: SIGNATURE,
  usage: [...openaiWire.usage, 'cacheWriteTokens', 'cost'],
  idlePieces: [...openaiWire.idlePieces, ': OPENROUTER PROCESSING\n\n'],

  // Thoughts and counts in its own form, everything else as OpenAI has it. The counts come last, after the finish.
  answer(events) {
    const own = events.flatMap((event) => ownPieceOf(event) || [])
    const others = openaiWire.answer(events.filter((event) => ownPieceOf(event) === undefined))
    const isDone = others.at(-1)?.includes('[DONE]')
    return [...own, ...others.slice(0, isDone ? -1 : undefined), ...events.flatMap(countsOf), ...(isDone ? others.slice(-1) : [])]
  },

  errorBody: (status, message) => JSON.stringify({error: {code: status, message: status === 404 ? `No endpoints found for m. ${message}` : message}}),
  errorPiece: (message) =>
    sse({
      id: 'gen-1',
      object: 'chat.completion.chunk',
      error: {code: 502, message},
      choices: [{index: 0, delta: {content: ''}, finish_reason: 'error', native_finish_reason: 'error'}],
    }),

  read(request) {
    const {reasoning, messages} = JSON.parse(request.body)
    const read = openaiWire.read(request)
    return {
      ...read,
      reasoning,
      messages: read.messages.map((message, index) => {
        const details: ReasoningDetail[] | undefined = messages[index].reasoning_details
        return details ? {...message, reasoning: {text: messages[index].reasoning, signature: details}} : message
      }),
    }
  },
}

function ownPieceOf(event: AdapterEvent): string | undefined {
  if (event.type === 'usage') return ''
  if (event.type !== 'reasoning') return undefined
  const {text, signature} = event
  return chunk({
    delta: {content: '', reasoning: text || null, reasoning_details: [{...DETAIL, ...(signature ? {signature: SIGNATURE[0]?.signature} : {text})}]},
  })
}

function countsOf(event: AdapterEvent): string[] {
  if (event.type !== 'usage') return []
  const {inputTokens = 0, outputTokens = 0, cachedTokens, cacheWriteTokens, reasoningTokens, cost} = event.usage
  const usage = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    cost,
    is_byok: false,
    prompt_tokens_details: {cached_tokens: cachedTokens, cache_write_tokens: cacheWriteTokens},
    cost_details: {upstream_inference_cost: cost},
    completion_tokens_details: {reasoning_tokens: reasoningTokens},
  }
  return [sse({id: 'gen-1', object: 'chat.completion.chunk', choices: [{index: 0, delta: {role: 'assistant', content: ''}, finish_reason: null}], usage})]
}
