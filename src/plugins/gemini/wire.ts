import {toArgumentsObject} from '../../core/providers/call-arguments.js'
import type {AssistantMessage, AssistantPart, Attachment, ChatRequest, Message, TextPart, ToolCall, ToolChoice} from '../../core/providers/provider.js'
import {ProviderError} from '../../core/providers/provider-error.js'
import {readTextAttachment} from '../../core/providers/text-attachment.js'
import {toThinkingConfig, wantsSignatures} from './models.js'
import {toGeminiSchema} from './schema.js'

/** A part of a message, of the API `v1beta`: https://ai.google.dev/api/caching#Part */
export interface WirePart {
  text?: string | null
  /** Of the model's thoughts. */
  thought?: boolean | null
  /** What the model wants back on this very part. */
  thoughtSignature?: string | null
  functionCall?: {id?: string | null; name?: string | null; args?: unknown} | null
  functionResponse?: {id: string; name: string; response: Record<string, unknown>}
  inlineData?: {mimeType: string; data: string}
}

interface WireContent {
  role: 'user' | 'model'
  parts: WirePart[]
}

/** The signature of a part that is no call, as a conversation keeps it. */
export interface PartSignature {
  thoughtSignature: string
  on: 'text' | 'thought'
  /** How many of the last characters the part had that it came with. */
  length: number
}

/** Google's own stand-in for a call that no Gemini model has made: https://ai.google.dev/gemini-api/docs/thought-signatures */
const UNSIGNED = 'skip_thought_signature_validator'

/** The body of `streamGenerateContent`. Throws `usage` for what Gemini has no way to take. */
export function toWireRequest(request: ChatRequest): object {
  const {model, messages, maxTokens, temperature, reasoning, schema, tools, toolChoice = 'auto'} = request
  const instructions = messages.flatMap((message) => (message.role === 'system' ? [{text: message.content}] : []))
  const thinkingConfig = reasoning && toThinkingConfig(model, reasoning)
  const generationConfig = {
    ...(maxTokens !== undefined && {maxOutputTokens: maxTokens}),
    ...(temperature !== undefined && {temperature}),
    ...(thinkingConfig && {thinkingConfig}),
    ...(schema && {responseMimeType: 'application/json', responseJsonSchema: toGeminiSchema(schema)}),
  }
  return {
    contents: toContents(messages, wantsSignatures(model)),
    ...(instructions.length > 0 && {systemInstruction: {parts: instructions}}),
    ...(tools.length > 0 && {
      tools: [{functionDeclarations: tools.map(({parameters, ...tool}) => ({...tool, parametersJsonSchema: parameters}))}],
    }),
    ...(tools.length > 0 && toolChoice !== 'auto' && {toolConfig: {functionCallingConfig: toCallingConfig(toolChoice)}}),
    ...(Object.keys(generationConfig).length > 0 && {generationConfig}),
  }
}

function toCallingConfig(choice: Exclude<ToolChoice, 'auto'>): object {
  if (typeof choice === 'object') return {mode: 'ANY', allowedFunctionNames: [choice.name]}
  return {mode: choice === 'none' ? 'NONE' : 'ANY'}
}

function toContents(messages: readonly Message[], needsSignatures: boolean): WireContent[] {
  const names = new Map<string, string>()
  const contents: WireContent[] = []
  for (const [index, message] of messages.entries()) {
    if (message.role === 'user') contents.push({role: 'user', parts: toUserParts(message.content)})
    else if (message.role === 'tool') {
      const result = toResult(message, names)
      // Gemini counts: the results of all calls of an answer come in one message.
      if (messages[index - 1]?.role === 'tool') contents.at(-1)?.parts.push(result)
      else contents.push({role: 'user', parts: [result]})
    } else if (message.role === 'assistant') {
      for (const call of callsOf(message)) names.set(call.id, call.name)
      const parts = toModelParts(message.content, needsSignatures)
      // A message must not be empty, and an answer may be.
      if (parts.length > 0) contents.push({role: 'model', parts})
    }
  }
  return contents
}

function callsOf({content}: AssistantMessage): ToolCall[] {
  return typeof content === 'string' ? [] : content.filter((part) => part.type === 'tool_call')
}

function toResult({toolCallId, content, isError}: Extract<Message, {role: 'tool'}>, names: ReadonlyMap<string, string>): WirePart {
  return {functionResponse: {id: toolCallId, name: names.get(toolCallId) ?? '', response: isError ? {error: content} : {output: content}}}
}

function toModelParts(content: string | readonly AssistantPart[], needsSignatures: boolean): WirePart[] {
  if (typeof content === 'string') return content ? [{text: content}] : []
  const parts: WirePart[] = []
  for (const part of content) {
    if (part.type === 'tool_call') parts.push(toCall(part))
    else {
      if (part.text) parts.push({text: part.text, ...(part.type === 'reasoning' && {thought: true})})
      if (part.type === 'reasoning' && part.signature) sign(parts, part.signature as PartSignature)
    }
  }
  const firstCall = parts.find(({functionCall}) => functionCall)
  if (firstCall && needsSignatures && !parts.some(({thoughtSignature}) => thoughtSignature)) firstCall.thoughtSignature = UNSIGNED
  return parts
}

function toCall({id, name, arguments: text, signature}: ToolCall): WirePart {
  return {functionCall: {id, name, args: toArgumentsObject(text)}, ...(typeof signature === 'string' && {thoughtSignature: signature})}
}

/** Gives the last part, or so many of its characters as a part of their own, its signature back. */
function sign(parts: WirePart[], {thoughtSignature, on, length}: PartSignature): void {
  const kind = on === 'thought' ? {thought: true} : {}
  const last = parts.at(-1)
  const text = last && Boolean(last.thought) === (on === 'thought') ? (last.text ?? '') : ''
  if (last && length > 0 && length === text.length) {
    last.thoughtSignature = thoughtSignature
  } else if (last && length > 0 && length < text.length) {
    last.text = text.slice(0, -length)
    parts.push({text: text.slice(-length), ...kind, thoughtSignature})
  } else {
    parts.push({text: '', ...kind, thoughtSignature})
  }
}

function toUserParts(content: string | readonly (TextPart | Attachment)[]): WirePart[] {
  if (typeof content === 'string') return [{text: content}]
  return content.map((part) => (part.type === 'text' ? {text: part.text} : toAttachmentPart(part)))
}

function toAttachmentPart(attachment: Attachment): WirePart {
  const {name, mediaType, data} = attachment
  const text = readTextAttachment(attachment)
  if (text !== undefined) return {text}
  if (/^(image|audio|video)\/|^application\/pdf$/.test(mediaType)) {
    return {inlineData: {mimeType: mediaType, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}}
  }
  throw new ProviderError('usage', `${name}: Gemini takes no files of the type ${mediaType}`, {code: 'REQUEST_INVALID'})
}
