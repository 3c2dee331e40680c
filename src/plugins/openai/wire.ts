import {toWireRequest, type WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest} from '../../core/providers/provider.js'
import {isOpenAI} from './endpoint.js'

/** The body of a request for the server at that address. */
export function toOpenAIRequest(request: ChatRequest, baseUrl: string): WireRequest {
  const {max_tokens, ...body} = toWireRequest(request)
  if (max_tokens === undefined) return body
  // OpenAI's reasoning models refuse `max_tokens`; many servers that speak its protocol know nothing else.
  return isOpenAI(baseUrl) ? {...body, max_completion_tokens: max_tokens} : {...body, max_tokens}
}
