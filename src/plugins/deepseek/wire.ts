import {reasoningBesideCalls} from '../../core/providers/chat-completions/forced-calls.js'
import {imagesOnly} from '../../core/providers/chat-completions/image-part.js'
import {joinTexts, toWireRequest, type WireDialect, type WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest} from '../../core/providers/provider.js'

export type DeepSeekRequest = WireRequest & {thinking?: {type: 'enabled' | 'disabled'}}

const DIALECT: WireDialect = {
  toPart: imagesOnly(),
  // A conversation with tool calls is refused if one answer in it lacks the field; where it is of no use it is passed over.
  thoughtFields: (parts) => ({reasoning_content: joinTexts(parts, 'reasoning')}),
}

/** The body of a request, as https://api-docs.deepseek.com/guides/thinking_mode has it: thought has a switch, and an effort beside it. */
export function toDeepSeekRequest(request: ChatRequest): DeepSeekRequest {
  const {reasoning_effort, ...body} = toWireRequest({...request, reasoning: reasoningBesideCalls(request)}, DIALECT)
  if (!reasoning_effort) return body
  return reasoning_effort === 'none' ? {...body, thinking: {type: 'disabled'}} : {...body, thinking: {type: 'enabled'}, reasoning_effort}
}

/** Whether a model reads images: all do but the large one, and those that had no name yet for what they were. */
export function readsImages(model: string): boolean {
  return !/^deepseek-(v4-pro|chat|reasoner)/.test(model)
}
