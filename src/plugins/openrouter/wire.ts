import type {AdapterEvent} from '../../core/providers/answer-assembler.js'
import {AnswerReader, type WireDelta} from '../../core/providers/chat-completions/answer-reader.js'
import {toModelInfo, type WireModel} from '../../core/providers/chat-completions/models.js'
import type {WireUsage} from '../../core/providers/chat-completions/usage.js'
import {joinTexts, toWireRequest, type WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {AssistantPart, ChatRequest, ModelInfo, ReasoningConfig, Usage} from '../../core/providers/provider.js'
import type {Failure} from '../../core/providers/provider-error.js'
import {type ReasoningDetail, ReasoningDetails, textOf} from './thoughts.js'

/** Models that keep a prompt in their cache only where they are told to: https://openrouter.ai/docs/guides/best-practices/prompt-caching */
const MARKED_CACHE = /^~?(anthropic\/|qwen\/.*-(max|plus|flash))/
/** Characters from which on a prompt may be long enough for a cache, which begins at 1,024 tokens. */
const CACHED_FROM = 4096

const MILLION = 1_000_000

/** The body of a request: https://openrouter.ai/docs/api-reference/chat-completion */
export function toOpenRouterRequest(request: ChatRequest): WireRequest {
  const {reasoning_effort: _, ...body} = toWireRequest(request, {thoughtFields})
  const reasoning = request.reasoning && toReasoning(request.reasoning)
  return {
    ...body,
    messages: MARKED_CACHE.test(request.model) ? markForCache(body.messages) : body.messages,
    ...(reasoning && {reasoning}),
    // Not a service that would pass over the schema; tools are never passed over.
    ...(request.schema && {provider: {require_parameters: true}}),
  } as WireRequest
}

function toReasoning({effort, budget}: ReasoningConfig): object | undefined {
  if (effort === 'none') return {enabled: false}
  if (budget !== undefined) return {max_tokens: budget}
  return effort && {effort}
}

function thoughtFields(parts: readonly AssistantPart[]): Record<string, unknown> {
  const details = parts.flatMap((part) => (part.type === 'reasoning' && Array.isArray(part.signature) ? part.signature : []))
  return details.length > 0 ? {reasoning: joinTexts(parts, 'reasoning'), reasoning_details: details} : {}
}

// The system prompt and the last message: what is before them is the same in the next request.
function markForCache(messages: WireRequest['messages']): WireRequest['messages'] {
  if (JSON.stringify(messages).length < CACHED_FROM) return messages
  const marked = new Set([messages.findIndex(({role}) => role === 'system'), messages.findLastIndex(({role}) => role === 'user')])
  return messages.map((message, index) => {
    if (!marked.has(index) || !message.content) return message
    const parts = typeof message.content === 'string' ? [{type: 'text' as const, text: message.content}] : message.content
    return {...message, content: parts.map((part, at) => (at === parts.length - 1 ? {...part, cache_control: {type: 'ephemeral'}} : part))} as typeof message
  })
}

interface OpenRouterDelta extends WireDelta {
  reasoning_details?: ReasoningDetail[] | null
}

interface OpenRouterUsage extends WireUsage {
  cost?: number | null
  cost_details?: {upstream_inference_cost?: number | null} | null
  is_byok?: boolean | null
  prompt_tokens_details?: {cached_tokens?: number | null; cache_write_tokens?: number | null} | null
}

/** Reads the answers of OpenRouter, which has the thoughts of each provider in a form that has to go back as it came. */
export class OpenRouterReader extends AnswerReader {
  readonly #details = new ReasoningDetails()

  protected override readThoughts(delta: OpenRouterDelta, events: AdapterEvent[]): void {
    const {reasoning, reasoning_details: details} = delta
    if (!details?.length) {
      super.readThoughts(delta, events)
      return
    }
    this.#details.add(details)
    const text = typeof reasoning === 'string' && reasoning ? reasoning : textOf(details)
    if (text) events.push({type: 'reasoning', text})
  }

  protected override endThoughts(): AdapterEvent[] {
    const details = this.#details.take()
    return details.length > 0 ? [{type: 'reasoning', text: '', signature: details}] : []
  }

  protected override toUsage(usage: OpenRouterUsage): Usage {
    const {cost, is_byok, cost_details, prompt_tokens_details} = usage
    const written = prompt_tokens_details?.cache_write_tokens
    // With a key of the user's own at a provider, OpenRouter's fee comes on top of what that provider takes.
    const upstream = is_byok ? (cost_details?.upstream_inference_cost ?? 0) : 0
    return {...super.toUsage(usage), ...(written != null && {cacheWriteTokens: written}), ...(cost != null && {cost: cost + upstream})}
  }
}

/** A model of a list with what it costs, which OpenRouter tells in dollars for a token. */
export function toPricedModel(listed: WireModel & {pricing?: Record<string, string | undefined> | null}): ModelInfo {
  const model = toModelInfo(listed)
  const {prompt, completion, input_cache_read: read, input_cache_write: write} = listed.pricing ?? {}
  if (!(Number(prompt) >= 0) || !(Number(completion) >= 0)) return model
  const price = {input: perMillion(prompt), output: perMillion(completion)}
  return {...model, price: {...price, ...(read && {cachedInput: perMillion(read)}), ...(write && {cacheWrite: perMillion(write)})}}
}

function perMillion(dollars: string | undefined): number {
  return Math.round(Number(dollars) * MILLION * MILLION) / MILLION
}

interface Metadata {
  raw?: unknown
  provider_name?: unknown
  limit_source?: unknown
}

/** What went wrong, with the words of the provider behind OpenRouter: https://openrouter.ai/docs/api/reference/errors-and-debugging */
export function toOpenRouterFailure(failure: Failure, body: unknown): Failure {
  const {metadata} = (body ?? {}) as {metadata?: Metadata | null}
  const raw = typeof metadata?.raw === 'string' && readRaw(metadata.raw)
  const message = raw ? `${failure.message} (${metadata?.provider_name ?? 'its provider'}: ${raw})` : failure.message
  return {...failure, message, ...changeOf(failure, metadata)}
}

// Where OpenRouter's status does not say what others say by it.
function changeOf({status, message}: Failure, metadata: Metadata | null | undefined): Partial<Failure> {
  // Enough credit, but too much of it at work in other requests.
  if (status === 402 && metadata?.limit_source === 'openrouter_in_flight_budget') return {status: 429}
  // With details it is the question that was refused, or a budget that is spent; not the key.
  if (status === 403 && metadata) return {status: metadata.limit_source ? 402 : 400}
  if (/not a valid model|^no endpoints found for /i.test(message)) return {status: 404, code: 'model_not_found'}
  // There is the model, but no service that does all that is asked of it.
  return status === 404 && /^no endpoints/i.test(message) ? {status: 400} : {}
}

function readRaw(raw: string): string {
  try {
    const {error, message} = JSON.parse(raw)
    return String(error?.message ?? message ?? raw)
  } catch {
    return raw
  }
}
