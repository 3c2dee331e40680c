import type {HelixError} from '../errors/helix-error.js'
import type {ModelPrice} from './prices.js'

/** A JSON Schema, draft 2020-12 unless its `$schema` says draft-07. */
export type JsonSchema = Record<string, unknown>

export interface TextPart {
  type: 'text'
  text: string
}

/** An image or a document for the model to look at. */
export interface Attachment {
  type: 'attachment'
  name: string
  /** Such as `image/png` or `application/pdf`. */
  mediaType: string
  data: Uint8Array
}

/** What a model thought before it answered. */
export interface ReasoningPart {
  type: 'reasoning'
  text: string
  /** What the provider wants back with the next request, unread and unchanged. */
  signature?: unknown
}

/** A tool that the model wants called. */
export interface ToolCall {
  type: 'tool_call'
  /** Unique within the conversation. */
  id: string
  name: string
  /** JSON text, as the model wrote it. */
  arguments: string
  /** Why the call must not be run but be answered with this text: no JSON, no such tool, not what its schema says, too long. */
  problem?: string
  /** As in `ReasoningPart`. */
  signature?: unknown
}

export type AssistantPart = TextPart | ReasoningPart | ToolCall

export interface AssistantMessage {
  role: 'assistant'
  content: string | AssistantPart[]
  /** Who wrote it, as `provider/model`: what only that model can read of it is kept from others. */
  origin?: string
}

export type Message =
  | {role: 'system'; content: string}
  | {role: 'user'; content: string | (TextPart | Attachment)[]}
  | AssistantMessage
  | {role: 'tool'; toolCallId: string; content: string; isError?: boolean}

export interface ToolDefinition {
  /** Letters, digits, `_` and `-`, at most 64. */
  name: string
  description?: string
  /** What the arguments look like: the schema of an object. */
  parameters: JsonSchema
}

export type ToolChoice = 'auto' | 'none' | 'required' | {name: string}

export const EFFORTS = ['none', 'low', 'medium', 'high'] as const

/** How long the model may think. A provider that knows only one of the two derives it from the other. */
export interface ReasoningConfig {
  effort?: (typeof EFFORTS)[number]
  /** Tokens. */
  budget?: number
}

export interface GenerationRequest {
  /** Name of the model at its provider, without the provider's id. */
  model: string
  messages: Message[]
  /** From 1 to the model's own limit; the provider's default when absent. */
  maxTokens?: number | undefined
  /** The most tokens that the answer may have for what can be paid, where `maxTokens` is absent. */
  affordableTokens?: number | undefined
  /** 0 to 2; the provider's default when absent. */
  temperature?: number | undefined
  reasoning?: ReasoningConfig | undefined
  /** The answer must be JSON that satisfies it. */
  schema?: JsonSchema | undefined
}

export interface ToolGenerationRequest extends GenerationRequest {
  tools: ToolDefinition[]
  /** `auto` when absent. */
  toolChoice?: ToolChoice | undefined
}

export interface ReasoningRequest {
  model: string
  prompt: string
  reasoning: ReasoningConfig
  tools?: ToolDefinition[] | undefined
  maxTokens?: number | undefined
}

/** What an adapter is given: any of the requests above, checked and completed. */
export type ChatRequest = GenerationRequest &
  Required<Pick<ToolGenerationRequest, 'tools' | 'toolChoice'>> & {
    /** The answer must be JSON; what it must satisfy stands in the messages, since the model has no mode for a `schema`. */
    json?: boolean
  }

/** Tokens. A count that the provider does not tell is absent. */
export interface Usage {
  inputTokens?: number
  /** Reasoning included. */
  outputTokens?: number
  reasoningTokens?: number
  /** Those of `inputTokens` that came from the provider's cache. */
  cachedTokens?: number
  /** Those of `inputTokens` that were written to the provider's cache, where that has a price of its own. */
  cacheWriteTokens?: number
  /** US dollars, from a provider that tells what it charges. */
  cost?: number
}

/** Why the model stopped: done, `max_tokens` reached, tools to be called, suppressed by a filter, declined. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'refusal'

/** One step of an answer. The last is `finish` or `error`, and comes once; a tool call counts only once it has ended. */
export type ProviderEvent =
  | {type: 'text'; text: string}
  | {type: 'reasoning'; text: string; signature?: unknown}
  | {type: 'tool_call_start'; id: string; name: string}
  | {type: 'tool_call_delta'; id: string; arguments: string}
  | ({type: 'tool_call_end'} & Omit<ToolCall, 'type'>)
  | {type: 'usage'; usage: Usage}
  | {type: 'finish'; reason: FinishReason}
  | {type: 'error'; error: HelixError}

export interface GenerationResponse {
  text: string
  reasoning: string
  toolCalls: ToolCall[]
  finishReason: FinishReason
  usage: Usage
  /** The answer with its parts in their order, for the next request of the conversation. */
  message: AssistantMessage
}

export interface ProviderCapabilities {
  tools: boolean
  reasoning: boolean
  /** Structured output by the provider's own means; where there are none, the schema is put in words. */
  schema: boolean
  images: boolean
  documents: boolean
}

export interface ModelInfo {
  id: string
  /** Tokens of prompt and answer together. */
  contextTokens?: number
  sizeBytes?: number
  /** Of its content, such as a SHA-256 sum. */
  digest?: string
  modifiedAt?: string
  /** From a provider that tells it with its models. */
  price?: ModelPrice
}

/** How far a model has been fetched. */
export interface PullProgress {
  /** What is being done, in the provider's words. */
  status: string
  completedBytes?: number
  totalBytes?: number
}

export interface CallOptions {
  /** Ends the call; the answer then ends with an error of kind `interrupted` within a second. */
  signal?: AbortSignal | undefined
}

/** Every language model behind one interface. Errors are HelixErrors: what happened, and by `kind` what to do about it. */
export interface LLMProvider {
  generate(request: GenerationRequest, options?: CallOptions): Promise<GenerationResponse>
  /** Never rejects: what goes wrong is its last event. */
  stream(request: GenerationRequest, options?: CallOptions): AsyncIterable<ProviderEvent>
  generateWithTools(request: ToolGenerationRequest, options?: CallOptions): Promise<GenerationResponse>
  streamWithTools(request: ToolGenerationRequest, options?: CallOptions): AsyncIterable<ProviderEvent>
  generateWithReasoning(request: ReasoningRequest, options?: CallOptions): Promise<GenerationResponse>
  getCapabilities(): ProviderCapabilities
  listModels(options?: CallOptions): Promise<ModelInfo[]>
  /** Brings a model to where the provider runs; absent where models are not the user's to fetch. */
  pullModel?(model: string, options?: CallOptions): AsyncIterable<PullProgress>
  /** Throws when the provider cannot be reached or does not accept the settings or the key. */
  validateConfig(options?: CallOptions): Promise<void>
  close(): Promise<void>
}
