import type {Message as OllamaMessage, ToolCall as OllamaToolCall, Options, ChatRequest as WireRequest, ChatResponse as WireResponse} from 'ollama/browser'
import type {AdapterEvent} from '../../core/providers/answer-assembler.js'
import {toArgumentsObject} from '../../core/providers/call-arguments.js'
import type {
  AssistantPart,
  Attachment,
  ChatRequest,
  FinishReason,
  Message,
  ModelInfo,
  PullProgress,
  ReasoningConfig,
  TextPart,
  Usage,
} from '../../core/providers/provider.js'
import {ProviderError} from '../../core/providers/provider-error.js'

/** The plugin's own part of `providers.ollama`. */
export interface OllamaSettings {
  num_ctx?: number
  keep_alive?: string
}

// Ollama has had ids of tool calls since 0.12.10; its package's types have not.
type IdentifiedCall = OllamaToolCall & {id?: string}
type IdentifiedMessage = OllamaMessage & {tool_call_id?: string}

/** Tokens of thought up to which an effort is meant. */
const LOW_BUDGET = 2048
const MEDIUM_BUDGET = 8192

/** The body of `POST /api/chat`. Throws `usage` for what Ollama has no way to say. */
export function toWireRequest(request: ChatRequest, {num_ctx, keep_alive}: OllamaSettings): WireRequest & {stream: true} {
  const {model, messages, maxTokens, temperature, reasoning, schema, tools, toolChoice} = request
  if (toolChoice !== 'auto' && toolChoice !== 'none') refuse('Ollama cannot make a model call a tool: the choice of tools is auto or none')
  const offered = toolChoice === 'none' ? [] : tools
  const options: Partial<Options> = {
    ...(num_ctx !== undefined && {num_ctx}),
    ...(maxTokens !== undefined && {num_predict: maxTokens}),
    ...(temperature !== undefined && {temperature}),
  }
  const think = toThink(reasoning)
  return {
    model,
    messages: toWireMessages(messages),
    stream: true,
    ...(offered.length > 0 && {tools: offered.map((tool) => ({type: 'function', function: tool}))}),
    ...(schema && {format: schema}),
    ...(think !== undefined && {think}),
    ...(Object.keys(options).length > 0 && {options}),
    // A bare number is seconds to Ollama, as a string it would be an error.
    ...(keep_alive !== undefined && {keep_alive: /^-?\d+$/.test(keep_alive) ? Number(keep_alive) : keep_alive}),
  }
}

function toThink(reasoning: ReasoningConfig | undefined): WireRequest['think'] {
  if (reasoning?.effort === 'none') return false
  if (reasoning?.effort) return reasoning.effort
  if (reasoning?.budget === undefined) return undefined
  if (reasoning.budget <= LOW_BUDGET) return 'low'
  return reasoning.budget <= MEDIUM_BUDGET ? 'medium' : 'high'
}

function toWireMessages(messages: readonly Message[]): IdentifiedMessage[] {
  const toolNames = new Map<string, string>()
  return messages.map((message) => {
    if (message.role === 'user') return toUserMessage(message.content)
    if (message.role === 'assistant') return toAssistantMessage(message.content, toolNames)
    if (message.role === 'system') return message
    const {toolCallId, content, isError} = message
    return {role: 'tool', content: isError ? `Error: ${content}` : content, tool_name: toolNames.get(toolCallId) ?? '', tool_call_id: toolCallId}
  })
}

function toUserMessage(content: string | (TextPart | Attachment)[]): OllamaMessage {
  if (typeof content === 'string') return {role: 'user', content}
  const images = content.flatMap((part) => (part.type === 'attachment' && part.mediaType.startsWith('image/') ? [toBase64(part.data)] : []))
  const texts = content.flatMap((part) => {
    if (part.type === 'text') return [part.text]
    return part.mediaType.startsWith('image/') ? [] : [toDocument(part)]
  })
  return {role: 'user', content: texts.join('\n\n'), ...(images.length > 0 && {images})}
}

function toAssistantMessage(content: string | AssistantPart[], toolNames: Map<string, string>): OllamaMessage {
  if (typeof content === 'string') return {role: 'assistant', content}
  const textOf = (type: 'text' | 'reasoning') => content.map((part) => (part.type === type ? part.text : '')).join('')
  const thinking = textOf('reasoning')
  const calls = content.flatMap((part): IdentifiedCall[] => {
    if (part.type !== 'tool_call') return []
    toolNames.set(part.id, part.name)
    return [{id: part.id, function: {name: part.name, arguments: toArgumentsObject(part.arguments)}}]
  })
  return {role: 'assistant', content: textOf('text'), ...(thinking && {thinking}), ...(calls.length > 0 && {tool_calls: calls})}
}

function toDocument({name, mediaType, data}: Attachment): string {
  const text = mediaType === 'application/pdf' ? undefined : readText(data)
  if (text === undefined) refuse(`Ollama takes images and text: ${name} (${mediaType}) is neither`, 'Turn it into text first.')
  return `<document name=${JSON.stringify(name)}>\n${text}\n</document>`
}

function readText(data: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', {fatal: true}).decode(data)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

function toBase64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
}

function refuse(message: string, hint?: string): never {
  throw new ProviderError('usage', message, {code: 'REQUEST_INVALID', ...(hint && {hint})})
}

/** Reads the lines of one answer. */
export class AnswerReader {
  #hasCalls = false;

  *read(lines: Iterable<Record<string, unknown>>): Generator<AdapterEvent> {
    for (const line of lines as Iterable<Partial<WireResponse>>) {
      const {message} = line
      if (message?.thinking) yield {type: 'reasoning', text: message.thinking}
      if (message?.content) yield {type: 'text', text: message.content}
      for (const call of message?.tool_calls ?? []) {
        this.#hasCalls = true
        yield* toCallEvents(call)
      }
      if (!line.done) continue
      yield {type: 'usage', usage: toUsage(line)}
      yield {type: 'finish', reason: this.#finishReason(line.done_reason)}
    }
  }

  #finishReason(reason: string | undefined): FinishReason {
    if (reason === 'length') return 'length'
    // That is the answer to a request without messages, which Helix never sends.
    if (reason === 'load' || reason === 'unload') {
      throw new ProviderError('unavailable', `Ollama did not answer but only did this with the model: ${reason}`, {code: 'PROVIDER_FAILED', retryable: true})
    }
    return this.#hasCalls ? 'tool_calls' : 'stop'
  }
}

// They come whole. Without ids the base gives some, since each call ends before the next one starts.
function toCallEvents({id = '', function: called}: IdentifiedCall): AdapterEvent[] {
  return [
    {type: 'tool_call_start', id, name: called?.name ?? ''},
    {type: 'tool_call_delta', id, arguments: JSON.stringify(called?.arguments ?? {})},
    {type: 'tool_call_end', id},
  ]
}

function toUsage({prompt_eval_count, eval_count}: Partial<WireResponse>): Usage {
  return {...(prompt_eval_count !== undefined && {inputTokens: prompt_eval_count}), ...(eval_count !== undefined && {outputTokens: eval_count})}
}

/** A model as `GET /api/tags` lists it; its package's types lack the length of the context. */
export interface WireModel {
  name: string
  size?: number
  digest?: string
  modified_at?: string
  details?: {context_length?: number}
}

/** What Helix shows of a model. */
export function toModelInfo({name, size, digest, modified_at, details}: WireModel): ModelInfo {
  return {
    id: name,
    ...(details?.context_length && {contextTokens: details.context_length}),
    ...(size !== undefined && {sizeBytes: size}),
    ...(digest && {digest}),
    ...(modified_at && {modifiedAt: modified_at}),
  }
}

/** Adds the layers of a model up while they are fetched; Ollama tells of each by itself, and of its size only once it comes to it. */
export class LayerTotals {
  readonly #layers = new Map<string, {total: number; completed: number}>()

  add({status, digest, total = 0, completed = 0}: {status: string; digest?: string; total?: number; completed?: number}): PullProgress {
    if (digest) this.#layers.set(digest, {total, completed})
    if (this.#layers.size === 0) return {status}
    const layers = [...this.#layers.values()]
    const sum = (field: 'total' | 'completed') => layers.reduce((bytes, layer) => bytes + layer[field], 0)
    return {status, completedBytes: sum('completed'), totalBytes: sum('total')}
  }
}
