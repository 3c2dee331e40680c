import {imagesOnly} from '../../core/providers/chat-completions/image-part.js'
import {toWireRequest, type WireDialect, type WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest} from '../../core/providers/provider.js'
import type {Failure} from '../../core/providers/provider-error.js'

/** Models that always think, for a while that can be chosen: https://console.groq.com/docs/reasoning */
const WITH_EFFORT = /gpt-oss/
/** Models that think or do not; their thoughts stand in the answer unless they are asked for apart from it. */
const WITH_SWITCH = /qwen-?3/
/** https://console.groq.com/docs/structured-outputs#supported-models */
const WITH_SCHEMA = /gpt-oss|kimi-k2|llama-4/
/** https://console.groq.com/docs/vision */
const WITH_IMAGES = /qwen-?3\.[6-9]|llama-4/

/** The body of a request: https://console.groq.com/docs/api-reference#chat-create */
export function toGroqRequest(request: ChatRequest): WireRequest {
  const {max_tokens, reasoning_effort: effort, stream_options: _, response_format, ...body} = toWireRequest(request, dialectOf(request.model))
  return {
    ...body,
    ...(max_tokens !== undefined && {max_completion_tokens: max_tokens}),
    ...(WITH_EFFORT.test(request.model) && effort && {reasoning_effort: effort === 'none' ? 'low' : effort}),
    ...(WITH_SWITCH.test(request.model) && {reasoning_format: 'parsed', ...(effort && {reasoning_effort: effort === 'none' ? 'none' : 'default'})}),
    // Groq refuses a format beside tools, and streams no answer that has to have one.
    ...(response_format && request.tools.length === 0 && {response_format, stream: false}),
  } as WireRequest
}

// Models that do not think refuse a conversation with thoughts in it.
function dialectOf(model: string): WireDialect {
  const thinks = WITH_EFFORT.test(model) || WITH_SWITCH.test(model)
  return {toPart: imagesOnly(), ...(!thinks && {thoughtFields: () => ({})})}
}

/** What a model takes; of an unknown one, what most do. */
export function capabilitiesOf(model: string): {schema: boolean; images: boolean} {
  return {schema: WITH_SCHEMA.test(model), images: WITH_IMAGES.test(model)}
}

/** What went wrong, with the status that others have for it: https://console.groq.com/docs/errors */
export function toGroqFailure(failure: Failure): Failure {
  const {status, message, code = ''} = failure
  // No room at the moment.
  if (status === 498) return {...failure, status: 503}
  // The model wrote a call that is none, which it may do better the next time.
  if (/tool_use_failed|json_validate_failed/.test(code)) return {...failure, status: 502}
  // More tokens in one request than the account may send in a minute; without that word, more bytes than Groq reads.
  return status === 413 && /token/i.test(message) ? {...failure, message: `too many tokens: ${message}`} : failure
}
