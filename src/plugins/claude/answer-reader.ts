import type {AdapterEvent} from '../../core/providers/answer-assembler.js'
import type {FinishReason, Usage} from '../../core/providers/provider.js'
import {toFailure} from './failures.js'

/** What makes a thought acceptable to the API again: the signature of one that can be read, or the data of one that cannot. */
export type ThoughtSignature = string | {redacted: string}

/** An event of the stream, of which a server of others may leave out what does not matter. */
export interface WireEvent {
  type: string
  index?: number
  message?: WireMessage
  content_block?: WireBlock
  delta?: WireDelta
  usage?: WireUsage | null
  error?: unknown
}

/** A whole answer. */
export interface WireMessage {
  content?: WireBlock[]
  stop_reason?: string | null
  stop_details?: {explanation?: string | null} | null
  usage?: WireUsage | null
}

interface WireBlock {
  type: string
  text?: string
  thinking?: string
  signature?: string
  data?: string
  id?: string
  name?: string
  input?: unknown
}

interface WireDelta extends Pick<WireMessage, 'stop_reason' | 'stop_details'> {
  type?: string
  text?: string
  thinking?: string
  signature?: string
  partial_json?: string
}

/** Those of the end count from the beginning, and may leave out what the beginning told. */
interface WireUsage {
  input_tokens?: number | null
  output_tokens?: number | null
  cache_read_input_tokens?: number | null
  cache_creation_input_tokens?: number | null
  output_tokens_details?: {thinking_tokens?: number | null} | null
}

interface OpenBlock {
  type: string
  id: string
  /** What a call has been begun with; its arguments where no pieces follow. */
  input: unknown
  hasPieces: boolean
  signature: string
}

const NOTHING: AdapterEvent[] = []

const REASONS: Record<string, FinishReason> = {
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  // Of a tool that Anthropic runs; Helix asks for none. The model has not come to its end.
  pause_turn: 'length',
  tool_use: 'tool_calls',
  refusal: 'refusal',
}

/** Makes events of the events of one answer. */
export class AnswerReader {
  readonly #open = new Map<number, OpenBlock>()
  #usage: WireUsage = {}
  #reason = ''
  #explanation = ''
  #hasText = false
  #hasCalls = false

  /** The last event of an answer is the finish. Throws what the server says went wrong. */
  read(event: WireEvent): AdapterEvent[] {
    const {type, index = 0} = event
    if (type === 'content_block_delta') return this.#continue(index, event.delta ?? {})
    if (type === 'content_block_start') return this.#start(index, event.content_block ?? {type: ''})
    if (type === 'content_block_stop') return this.#stop(index)
    if (type === 'message_start') this.#count(event.message?.usage)
    if (type === 'message_delta') this.#end({...event.delta, usage: event.usage ?? null})
    if (type === 'message_stop') return this.#finish()
    if (event.error) throw toFailure(event)
    // Pings, and whatever else Anthropic may add: https://platform.claude.com/docs/en/api/versioning
    return NOTHING
  }

  /** The events of an answer that comes whole. */
  readWhole({content = [], ...end}: WireMessage): AdapterEvent[] {
    const events = content.flatMap((block, index) => [...this.#start(index, block), ...this.#stop(index)])
    this.#end(end)
    return [...events, ...this.#finish()]
  }

  #start(index: number, block: WireBlock): AdapterEvent[] {
    const {type, id = '', name = '', input, text = '', thinking = '', signature = '', data} = block
    this.#open.set(index, {type, id, input, signature, hasPieces: false})
    if (type === 'text') return this.#say(text)
    if (type === 'thinking') return thought(thinking)
    if (type === 'redacted_thinking' && data) return [{type: 'reasoning', text: '', signature: {redacted: data} satisfies ThoughtSignature}]
    if (type !== 'tool_use') return NOTHING
    this.#hasCalls = true
    return [{type: 'tool_call_start', id, name}]
  }

  #continue(index: number, {type, text = '', thinking = '', signature, partial_json = ''}: WireDelta): AdapterEvent[] {
    if (type === 'text_delta') return this.#say(text)
    if (type === 'thinking_delta') return thought(thinking)
    const block = this.#open.get(index)
    if (type === 'signature_delta' && block) block.signature = signature ?? ''
    if (type !== 'input_json_delta' || block?.type !== 'tool_use' || partial_json === '') return NOTHING
    block.hasPieces = true
    return [{type: 'tool_call_delta', id: block.id, arguments: partial_json}]
  }

  #stop(index: number): AdapterEvent[] {
    const block = this.#open.get(index)
    this.#open.delete(index)
    if (block?.type === 'thinking' && block.signature) return [{type: 'reasoning', text: '', signature: block.signature satisfies ThoughtSignature}]
    if (block?.type !== 'tool_use') return NOTHING
    const {id, input, hasPieces} = block
    const whole: AdapterEvent[] = hasPieces || input === undefined ? [] : [{type: 'tool_call_delta', id, arguments: JSON.stringify(input)}]
    return [...whole, {type: 'tool_call_end', id}]
  }

  #say(text: string): AdapterEvent[] {
    if (text === '') return NOTHING
    this.#hasText = true
    return [{type: 'text', text}]
  }

  #end({stop_reason, stop_details, usage}: WireMessage): void {
    this.#reason = stop_reason || this.#reason
    this.#explanation = stop_details?.explanation ?? this.#explanation
    this.#count(usage)
  }

  #count(usage: WireUsage | null | undefined): void {
    for (const [name, count] of Object.entries(usage ?? {})) if (count !== null) this.#usage[name as keyof WireUsage] = count
  }

  // Without a reason the model has not come to its end, whatever the server says.
  #finish(): AdapterEvent[] {
    if (this.#reason === '') return NOTHING
    const left = [...this.#open.keys()].flatMap((index) => this.#stop(index))
    const why = this.#reason === 'refusal' && !this.#hasText ? this.#say(this.#explanation) : NOTHING
    const usage = toUsage(this.#usage)
    const reason = REASONS[this.#reason] ?? (this.#hasCalls ? 'tool_calls' : 'stop')
    return [...left, ...why, ...(Object.keys(usage).length > 0 ? [{type: 'usage', usage} as const] : []), {type: 'finish', reason}]
  }
}

function thought(text: string): AdapterEvent[] {
  return text === '' ? NOTHING : [{type: 'reasoning', text}]
}

// What is read from the cache or written to it stands beside the other input, not in it.
function toUsage({input_tokens: input, output_tokens: output, ...details}: WireUsage): Usage {
  const {cache_read_input_tokens: read, cache_creation_input_tokens: written, output_tokens_details} = details
  const reasoning = output_tokens_details?.thinking_tokens
  return {
    ...(input != null && {inputTokens: input + (read ?? 0) + (written ?? 0)}),
    ...(output != null && {outputTokens: output}),
    ...(reasoning != null && {reasoningTokens: reasoning}),
    ...(read != null && {cachedTokens: read}),
    ...(written != null && {cacheWriteTokens: written}),
  }
}
