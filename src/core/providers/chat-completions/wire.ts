import type {ChatCompletionContentPart, ChatCompletionCreateParamsStreaming, ChatCompletionMessageParam} from 'openai/resources'
import type {AssistantPart, Attachment, ChatRequest, Message, TextPart, ToolCall, ToolChoice} from '../provider.js'
import {ProviderError} from '../provider-error.js'
import {effortOf} from '../reasoning.js'
import {readTextAttachment} from '../text-attachment.js'
import {fitsStrictMode} from './strict-schema.js'

export type WireRequest = ChatCompletionCreateParamsStreaming
export type WirePart = ChatCompletionContentPart

/** In what a service departs from OpenAI's own chat completions. */
export interface WireDialect {
  /** What an earlier answer has beside its text and calls, or in their place; by default thoughts in the field that their signature names. */
  thoughtFields?(parts: readonly AssistantPart[]): Record<string, unknown>
  /** How a file that is no text goes along. */
  toPart?(attachment: Attachment, dataUrl: string): WirePart | undefined
}

/** The field of an answer in which its thoughts go back to the server. */
export interface ThoughtSignature {
  field: 'reasoning_content' | 'reasoning'
}

/** The body of a request for chat completions. */
export function toWireRequest(request: ChatRequest, dialect: WireDialect = {}): WireRequest {
  const {model, messages, maxTokens, temperature, reasoning, schema, json, tools, toolChoice = 'auto'} = request
  const effort = reasoning && effortOf(reasoning)
  return {
    model,
    messages: messages.map((message) => toWireMessage(message, dialect)),
    stream: true,
    stream_options: {include_usage: true},
    ...(maxTokens !== undefined && {max_tokens: maxTokens}),
    ...(temperature !== undefined && {temperature}),
    ...(effort !== undefined && {reasoning_effort: effort}),
    ...(schema && {response_format: {type: 'json_schema', json_schema: {name: 'answer', schema, strict: fitsStrictMode(schema)}}}),
    ...(json && {response_format: {type: 'json_object'}}),
    ...(tools.length > 0 && {tools: tools.map((definition) => ({type: 'function' as const, function: definition}))}),
    ...(tools.length > 0 && toolChoice !== 'auto' && {tool_choice: toWireChoice(toolChoice)}),
  }
}

function toWireChoice(choice: ToolChoice): NonNullable<WireRequest['tool_choice']> {
  return typeof choice === 'object' ? {type: 'function', function: choice} : choice
}

function toWireMessage(message: Message, dialect: WireDialect): ChatCompletionMessageParam {
  if (message.role === 'system') return message
  if (message.role === 'tool') {
    return {role: 'tool', tool_call_id: message.toolCallId, content: message.isError ? `Error: ${message.content}` : message.content}
  }
  if (message.role === 'user') return {role: 'user', content: typeof message.content === 'string' ? message.content : toWireParts(message.content, dialect)}
  return typeof message.content === 'string' ? {role: 'assistant', content: message.content} : toAssistantMessage(message.content, dialect)
}

function toAssistantMessage(parts: readonly AssistantPart[], {thoughtFields = signedThoughts}: WireDialect): ChatCompletionMessageParam {
  const text = joinTexts(parts, 'text')
  const calls = parts.filter((part) => part.type === 'tool_call')
  return {
    role: 'assistant',
    content: text || (calls.length > 0 ? null : ''),
    ...(calls.length > 0 && {
      tool_calls: calls.map((call) => ({id: call.id, type: 'function' as const, function: {name: call.name, arguments: argumentsOf(call)}})),
    }),
    ...thoughtFields(parts),
  }
}

// DeepSeek refuses a conversation with tool calls that lacks the thoughts before them; others refuse one that has them.
function signedThoughts(parts: readonly AssistantPart[]): Record<string, unknown> {
  const [signature] = parts.flatMap((part) => (part.type === 'reasoning' && part.signature ? [part.signature as ThoughtSignature] : []))
  return signature ? {[signature.field]: joinTexts(parts, 'reasoning')} : {}
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

/** All text, or all thoughts, of an answer. */
export function joinTexts(parts: readonly AssistantPart[], type: 'text' | 'reasoning'): string {
  return parts.map((part) => (part.type === type ? part.text : '')).join('')
}

function toWireParts(parts: readonly (TextPart | Attachment)[], dialect: WireDialect): string | WirePart[] {
  const wireParts = parts.map((part): WirePart => (part.type === 'text' ? {type: 'text', text: part.text} : toWireAttachment(part, dialect)))
  // Many a server takes a list only where there is more than text.
  return wireParts.every((part) => part.type === 'text') ? wireParts.map((part) => part.text).join('\n\n') : wireParts
}

function toWireAttachment(attachment: Attachment, {toPart = toOpenAIPart}: WireDialect): WirePart {
  const {name, mediaType, data} = attachment
  const text = readTextAttachment(attachment)
  if (text !== undefined) return {type: 'text', text}
  const part = toPart(attachment, `data:${mediaType};base64,${Buffer.from(data).toString('base64')}`)
  if (part) return part
  throw new ProviderError('usage', `${name}: files of the type ${mediaType} cannot be sent to this provider`, {code: 'REQUEST_INVALID'})
}

function toOpenAIPart({name, mediaType}: Attachment, dataUrl: string): WirePart | undefined {
  if (mediaType.startsWith('image/')) return {type: 'image_url', image_url: {url: dataUrl}}
  return mediaType === 'application/pdf' ? {type: 'file', file: {filename: name, file_data: dataUrl}} : undefined
}
