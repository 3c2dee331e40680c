import type {ChatCompletionContentPart, ChatCompletionCreateParamsStreaming, ChatCompletionMessageParam} from 'openai/resources'
import type {AssistantPart, Attachment, ChatRequest, Message, ReasoningConfig, TextPart, ToolCall, ToolChoice} from '../../core/providers/provider.js'
import {ProviderError} from '../../core/providers/provider-error.js'
import {isOpenAI} from './endpoint.js'
import {fitsStrictMode} from './strict-schema.js'

export type WireRequest = ChatCompletionCreateParamsStreaming

/** What the server gets back with thoughts that led to a tool call; only the server that they are from. */
export interface ThoughtSignature {
  field: 'reasoning_content'
  from: string
}

/** Budgets in tokens up to which a model thinks with low or medium effort. */
const LOW_BUDGET = 2048
const MEDIUM_BUDGET = 8192

/** The body of a request for chat completions. */
export function toWireRequest(request: ChatRequest, baseUrl: string): WireRequest {
  const {model, messages, maxTokens, temperature, reasoning, schema, tools, toolChoice = 'auto'} = request
  const effort = reasoning && effortOf(reasoning)
  return {
    model,
    messages: messages.map((message) => toWireMessage(message, baseUrl)),
    stream: true,
    stream_options: {include_usage: true},
    // OpenAI's reasoning models refuse `max_tokens`; many servers that speak its protocol know nothing else.
    ...(maxTokens !== undefined && (isOpenAI(baseUrl) ? {max_completion_tokens: maxTokens} : {max_tokens: maxTokens})),
    ...(temperature !== undefined && {temperature}),
    ...(effort !== undefined && {reasoning_effort: effort}),
    ...(schema && {response_format: {type: 'json_schema', json_schema: {name: 'answer', schema, strict: fitsStrictMode(schema)}}}),
    ...(tools.length > 0 && {tools: tools.map((definition) => ({type: 'function' as const, function: definition}))}),
    ...(tools.length > 0 && toolChoice !== 'auto' && {tool_choice: toWireChoice(toolChoice)}),
  }
}

function effortOf({effort, budget}: ReasoningConfig): ReasoningConfig['effort'] {
  if (effort || budget === undefined) return effort
  if (budget <= LOW_BUDGET) return 'low'
  return budget <= MEDIUM_BUDGET ? 'medium' : 'high'
}

function toWireChoice(choice: ToolChoice): NonNullable<WireRequest['tool_choice']> {
  return typeof choice === 'object' ? {type: 'function', function: choice} : choice
}

function toWireMessage(message: Message, baseUrl: string): ChatCompletionMessageParam {
  if (message.role === 'system') return message
  if (message.role === 'tool') {
    return {role: 'tool', tool_call_id: message.toolCallId, content: message.isError ? `Error: ${message.content}` : message.content}
  }
  if (message.role === 'user') return {role: 'user', content: typeof message.content === 'string' ? message.content : toWireParts(message.content)}
  return typeof message.content === 'string' ? {role: 'assistant', content: message.content} : toAssistantMessage(message.content, baseUrl)
}

function toAssistantMessage(parts: readonly AssistantPart[], baseUrl: string): ChatCompletionMessageParam {
  const text = joinTexts(parts, 'text')
  const calls = parts.filter((part) => part.type === 'tool_call')
  if (calls.length === 0) return {role: 'assistant', content: text}
  // DeepSeek refuses a conversation with tool calls that lacks the thoughts before them; others refuse one that has them.
  const isWanted = parts.some((part) => part.type === 'reasoning' && isFrom(part.signature, baseUrl))
  return {
    role: 'assistant',
    content: text || null,
    tool_calls: calls.map((call) => ({id: call.id, type: 'function', function: {name: call.name, arguments: argumentsOf(call)}})),
    ...(isWanted && {reasoning_content: joinTexts(parts, 'reasoning')}),
  }
}

// Servers with prompt templates parse the arguments of earlier calls, and fail where they are no JSON.
function argumentsOf({arguments: text, problem}: ToolCall): string {
  if (problem === undefined) return text
  try {
    JSON.parse(text)
    return text
  } catch {
    return '{}'
  }
}

function isFrom(signature: unknown, baseUrl: string): boolean {
  const {field, from} = (signature ?? {}) as Partial<ThoughtSignature>
  return field === 'reasoning_content' && from === baseUrl
}

function joinTexts(parts: readonly AssistantPart[], type: 'text' | 'reasoning'): string {
  return parts.map((part) => (part.type === type ? part.text : '')).join('')
}

function toWireParts(parts: readonly (TextPart | Attachment)[]): string | ChatCompletionContentPart[] {
  const wireParts = parts.map((part): ChatCompletionContentPart => (part.type === 'text' ? {type: 'text', text: part.text} : toWireAttachment(part)))
  // Many a server takes a list only where there is more than text.
  return wireParts.every((part) => part.type === 'text') ? wireParts.map((part) => part.text).join('\n\n') : wireParts
}

function toWireAttachment({name, mediaType, data}: Attachment): ChatCompletionContentPart {
  if (isText(mediaType)) return {type: 'text', text: `${name}:\n${Buffer.from(data).toString('utf8')}`}
  const url = `data:${mediaType};base64,${Buffer.from(data).toString('base64')}`
  if (mediaType.startsWith('image/')) return {type: 'image_url', image_url: {url}}
  if (mediaType === 'application/pdf') return {type: 'file', file: {filename: name, file_data: url}}
  throw new ProviderError('usage', `${name}: documents of the type ${mediaType} cannot be sent; text and PDF can`, {code: 'REQUEST_INVALID'})
}

function isText(mediaType: string): boolean {
  return /^text\/|^application\/(.*\+)?(json|xml|yaml|toml|x-yaml|x-ndjson|javascript|sql)$/.test(mediaType)
}
