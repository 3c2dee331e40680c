import type {AdapterEvent} from '../../core/providers/answer-assembler.js'
import type {FinishReason, Usage} from '../../core/providers/provider.js'
import {RequestFailure} from '../../core/providers/provider-error.js'
import {toFailure, type WireError} from './failures.js'
import type {PartSignature, WirePart} from './wire.js'

/** A piece of an answer, or a whole one: https://ai.google.dev/api/generate-content#GenerateContentResponse */
interface WireChunk {
  candidates?: WireCandidate[] | null
  promptFeedback?: {blockReason?: string | null} | null
  usageMetadata?: WireUsage | null
  error?: WireError | null
}

interface WireCandidate {
  content?: {parts?: WirePart[] | null} | null
  finishReason?: string | null
  finishMessage?: string | null
  /** With the reason CONTINUATION: what the next request has to bring for the rest of the answer. */
  continuationToken?: string | null
}

interface WireUsage {
  promptTokenCount?: number
  /** Of the results of tools that Google runs. */
  toolUsePromptTokenCount?: number
  cachedContentTokenCount?: number
  /** Without thoughts. */
  candidatesTokenCount?: number
  thoughtsTokenCount?: number
}

const FINISHES: Record<string, FinishReason> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  LANGUAGE: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  ESCALATION: 'content_filter',
  MODEL_ARMOR: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
}

/** Ends of an answer that are none and that another attempt will not change, by the status they would have as an error. */
const FINAL: Record<string, number> = {MISSING_THOUGHT_SIGNATURE: 400, PUP_LIMITED_DISABLED: 403}

const NOTHING: AdapterEvent[] = []

/** Makes events of the chunks of one answer, even if it takes several requests. */
export class AnswerReader {
  readonly #provider: string
  #hasCalls = false
  #reason = ''
  #finishMessage = ''
  #isBlocked = false
  #continuationToken: string | undefined
  #usage: WireUsage | undefined
  /** What earlier requests for this answer took. */
  #earlier: WireUsage | undefined

  /** `provider` is its id, for messages. */
  constructor(provider: string) {
    this.#provider = provider
  }

  /** Whether Google has said that the answer, or this request's part of it, is complete. */
  get isComplete(): boolean {
    return this.#reason !== '' || this.#isBlocked
  }

  /** The events in the JSON text of a chunk. Throws what Google says is wrong, and for what is no JSON. */
  read(text: string): AdapterEvent[] {
    return parseChunks(text).flatMap((chunk) => this.#readChunk(chunk))
  }

  #readChunk({candidates, promptFeedback, usageMetadata, error}: WireChunk): AdapterEvent[] {
    if (error) throw toFailure(error, {provider: this.#provider})
    if (usageMetadata) this.#usage = {...this.#usage, ...usageMetadata}
    if (isSaid(promptFeedback?.blockReason)) this.#isBlocked = true
    const candidate = candidates?.[0]
    if (!candidate) return NOTHING
    if (isSaid(candidate.finishReason)) {
      this.#reason = candidate.finishReason
      this.#finishMessage = candidate.finishMessage ?? ''
      this.#continuationToken = candidate.continuationToken ?? undefined
    }
    const events: AdapterEvent[] = []
    for (const part of candidate.content?.parts ?? NOTHING) this.#readPart(part as WirePart, events)
    return events
  }

  /** Gets ready for the rest of an answer that is too long for one request: what that is asked for with; undefined where there is none. */
  takeContinuation(): {continuationToken: string} | undefined {
    const continuationToken = this.#reason === 'CONTINUATION' ? this.#continuationToken : undefined
    if (continuationToken === undefined) return undefined
    this.#earlier = add(this.#earlier, this.#usage)
    this.#usage = undefined
    this.#reason = ''
    return {continuationToken}
  }

  /** What is left to tell when the answer has ended: usage, finish. Nothing if it broke off; throws where Google gave up. */
  end(): AdapterEvent[] {
    if (!this.isComplete) return NOTHING
    const reason = this.#finishReason()
    const usage = add(this.#earlier, this.#usage)
    return [...(usage ? [{type: 'usage', usage: toUsage(usage)} as const] : []), {type: 'finish', reason}]
  }

  #finishReason(): FinishReason {
    if (this.#isBlocked) return 'content_filter'
    const reason = FINISHES[this.#reason]
    if (reason) return reason === 'stop' && this.#hasCalls ? 'tool_calls' : reason
    const message = `the answer was broken off: ${[this.#reason, this.#finishMessage].filter(Boolean).join(': ')}`
    throw new RequestFailure({status: FINAL[this.#reason] ?? 500, message, code: this.#reason})
  }

  #readPart({text, thought, thoughtSignature, functionCall}: WirePart, events: AdapterEvent[]): void {
    if (functionCall) {
      this.#hasCalls = true
      const {id, name, args} = functionCall
      const key = id ?? ''
      events.push(
        {type: 'tool_call_start', id: key, name: name ?? ''},
        {type: 'tool_call_delta', id: key, arguments: JSON.stringify(args ?? {})},
        {type: 'tool_call_end', id: key, ...(thoughtSignature && {signature: thoughtSignature})},
      )
      return
    }
    const words = text ?? ''
    const signature: PartSignature | undefined = thoughtSignature ? {thoughtSignature, on: thought ? 'thought' : 'text', length: words.length} : undefined
    if (thought && (words || signature)) events.push({type: 'reasoning', text: words, ...(signature && {signature})})
    if (thought) return
    if (words) events.push({type: 'text', text: words})
    // Signed text has thoughts behind it that are not told; they stand after it, in the place of its signature.
    if (signature) events.push({type: 'reasoning', text: '', signature})
  }
}

/** The chunks in a JSON text: one, or a list of them. */
export function parseChunks(text: string): WireChunk[] {
  const value = JSON.parse(text)
  return Array.isArray(value) ? value : [value]
}

function isSaid(reason: string | null | undefined): reason is string {
  return typeof reason === 'string' && reason !== '' && !reason.endsWith('_UNSPECIFIED')
}

function add(one: WireUsage | undefined, other: WireUsage | undefined): WireUsage | undefined {
  if (!one || !other) return one ?? other
  const sum: Record<string, number> = {}
  for (const [count, tokens] of [...Object.entries(one), ...Object.entries(other)]) if (typeof tokens === 'number') sum[count] = (sum[count] ?? 0) + tokens
  return sum
}

function toUsage({promptTokenCount, toolUsePromptTokenCount = 0, cachedContentTokenCount, candidatesTokenCount, thoughtsTokenCount}: WireUsage): Usage {
  const hasOutput = candidatesTokenCount !== undefined || thoughtsTokenCount !== undefined
  return {
    ...(promptTokenCount !== undefined && {inputTokens: promptTokenCount + toolUsePromptTokenCount}),
    ...(hasOutput && {outputTokens: (candidatesTokenCount ?? 0) + (thoughtsTokenCount ?? 0)}),
    ...(thoughtsTokenCount !== undefined && {reasoningTokens: thoughtsTokenCount}),
    ...(cachedContentTokenCount !== undefined && {cachedTokens: cachedContentTokenCount}),
  }
}
