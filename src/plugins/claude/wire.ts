import type {ContentBlockParam, MessageCreateParamsStreaming, TextBlockParam, Tool, ToolResultBlockParam} from '@anthropic-ai/sdk/resources/messages'
import {toArgumentsObject} from '../../core/providers/call-arguments.js'
import type {AssistantPart, ChatRequest, Message, TextPart, ToolCall, ToolChoice, ToolDefinition} from '../../core/providers/provider.js'
import {ProviderError} from '../../core/providers/provider-error.js'
import type {ThoughtSignature} from './answer-reader.js'
import {type Attachment, toAttachment} from './attachments.js'
import {markForCache} from './cache.js'
import {type ModelTraits, traitsOf} from './models.js'
import {toOutputSchema} from './schema.js'
import {toThinking} from './thinking.js'

/** Anthropic's package no longer knows the temperature, which models before Opus 4.7 still take. */
export type WireRequest = MessageCreateParamsStreaming & {temperature?: number}

/** How long an answer may become that nobody has limited, where the model could go on. */
const LONGEST_UNASKED = 64_000
/** The API knows no higher temperature. */
const HOTTEST = 1

/** The body of `POST /v1/messages`. Throws `usage` for what the model cannot be asked. @param mostTokens the longest answer of the model */
export function toWireRequest(request: ChatRequest, mostTokens: number): WireRequest {
  const {model, messages, temperature, reasoning, schema, tools, toolChoice = 'auto'} = request
  const traits = traitsOf(model)
  const maxTokens = request.maxTokens ?? Math.min(mostTokens, LONGEST_UNASKED)
  const isForced = tools.length > 0 && (typeof toolChoice === 'object' || toolChoice === 'required')
  if (isForced && !traits.forcedTools) refuse(`${model} cannot be made to call a tool: the choice of tools is auto or none`)
  const turns = toTurns(messages)
  const {thinking, effort} = toThinking({reasoning, traits, maxTokens, isForced, isAfterUnthoughtCall: endsWithUnthoughtCall(turns)})
  const isThinking = thinking !== undefined && thinking.type !== 'disabled'
  const format = schema && toOutputSchema(schema)
  const system = messages.flatMap((message) => (message.role === 'system' && message.content.trim() ? [message.content] : [])).join('\n\n')
  const body: WireRequest = {
    model,
    max_tokens: maxTokens,
    stream: true,
    messages: turns,
    ...(system && {system: [{type: 'text', text: system}]}),
    ...(tools.length > 0 && {tools: tools.map(toTool)}),
    ...(tools.length > 0 && toolChoice !== 'auto' && {tool_choice: toChoice(toolChoice)}),
    ...(thinking && {thinking}),
    ...((format || effort) && {output_config: {...(effort && {effort}), ...(format && {format: {type: 'json_schema', schema: format}})}}),
    ...(temperature !== undefined && takesTemperature(traits, isThinking) && {temperature: Math.min(temperature, HOTTEST)}),
  }
  return markForCache(body)
}

// Models that think refuse any but the default.
function takesTemperature(traits: ModelTraits, isThinking: boolean): boolean {
  return traits.temperature && !isThinking
}

function toTool({name, description, parameters}: ToolDefinition): Tool {
  return {name, ...(description !== undefined && {description}), input_schema: {...parameters, type: 'object'}}
}

function toChoice(choice: ToolChoice): NonNullable<WireRequest['tool_choice']> {
  if (typeof choice === 'object') return {type: 'tool', name: choice.name}
  return {type: choice === 'required' ? 'any' : 'none'}
}

interface Turn {
  role: 'user' | 'assistant'
  content: ContentBlockParam[]
}

function endsWithUnthoughtCall(turns: readonly Turn[]): boolean {
  const [called, answered] = turns.slice(-2)
  return Boolean(answered?.content.some(isResult)) && !/thinking/.test(called?.content[0]?.type ?? '')
}

/** Turns of user and assistant by turns. What would be empty the API refuses, so it is left out. */
function toTurns(messages: readonly Message[]): Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    if (message.role === 'system') continue
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = toBlocks(message)
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...content)
    else if (content.length > 0) turns.push({role, content})
  }
  // Results of tools come first in their turn.
  for (const turn of turns) turn.content = [...turn.content.filter(isResult), ...turn.content.filter((block) => !isResult(block))]
  return turns
}

function isResult(block: ContentBlockParam): boolean {
  return block.type === 'tool_result'
}

function toBlocks(message: Exclude<Message, {role: 'system'}>): ContentBlockParam[] {
  if (message.role === 'tool') return [toResult(message)]
  const parts: readonly (AssistantPart | Attachment)[] = typeof message.content === 'string' ? [{type: 'text', text: message.content}] : message.content
  return parts.flatMap((part) => {
    if (part.type === 'text') return toText(part)
    if (part.type === 'attachment') return [toAttachment(part)]
    return part.type === 'reasoning' ? toThought(part) : [toCall(part)]
  })
}

function toText({text}: TextPart): TextBlockParam[] {
  return text.trim() ? [{type: 'text', text}] : []
}

// One without a signature was cut off, or is no thought of Claude's: the API refuses it.
function toThought({text, signature}: Extract<AssistantPart, {type: 'reasoning'}>): ContentBlockParam[] {
  const signed = signature as ThoughtSignature | undefined
  if (!signed) return []
  return [typeof signed === 'string' ? {type: 'thinking', thinking: text, signature: signed} : {type: 'redacted_thinking', data: signed.redacted}]
}

function toCall({id, name, arguments: text}: ToolCall): ContentBlockParam {
  return {type: 'tool_use', id: toId(id), name: name.replaceAll(/[^\w-]/g, '_').slice(0, 128) || '_', input: toArgumentsObject(text)}
}

function toResult({toolCallId, content, isError}: Extract<Message, {role: 'tool'}>): ToolResultBlockParam {
  // An error without a word is refused.
  const text = content || (isError ? 'failed' : '')
  return {type: 'tool_result', tool_use_id: toId(toolCallId), ...(text && {content: text}), ...(isError && {is_error: true})}
}

// Ids of other providers have characters that the API refuses.
function toId(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_-]/g, (character) => `_${character.codePointAt(0)?.toString(16)}`)
}

function refuse(message: string): never {
  throw new ProviderError('usage', message, {code: 'REQUEST_INVALID'})
}
