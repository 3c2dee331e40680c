import {toWireRequest, type WireDialect, type WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, Message} from '../../core/providers/provider.js'
import {thinkingOf} from './thinking.js'

const DIALECT: WireDialect = {
  // No model of theirs reads PDFs.
  toPart: ({mediaType}, dataUrl) => (mediaType.startsWith('image/') ? {type: 'image_url', image_url: {url: dataUrl}} : undefined),
}

/** The body of a request: https://docs.api.nvidia.com/nim/reference/llm-apis */
export function toNvidiaRequest({reasoning, ...request}: ChatRequest): WireRequest {
  const {system, fields} = reasoning ? thinkingOf(request.model, reasoning) : {}
  const messages = system === undefined ? request.messages : beginWith(system, request.messages)
  return {...toWireRequest({...request, messages}, DIALECT), ...fields}
}

/** The same request with its schema as containers before 2.0 know it; undefined for one that has none. */
export function toGuidedRequest({response_format: format, ...body}: WireRequest): WireRequest | undefined {
  if (format?.type !== 'json_schema') return undefined
  const own = {nvext: {guided_json: format.json_schema.schema}}
  return {...body, ...(own as object)}
}

function beginWith(words: string, messages: readonly Message[]): Message[] {
  const [first, ...rest] = messages
  return first?.role === 'system' ? [{role: 'system', content: `${words}\n\n${first.content}`}, ...rest] : [{role: 'system', content: words}, ...messages]
}
