import type {AdapterEvent} from '../answer-assembler.js'
import type {FinishReason, Usage} from '../provider.js'
import {ThoughtSplitter} from '../thought-splitter.js'
import {ServerFailure} from './failures.js'
import {toUsage, type WireUsage} from './usage.js'
import type {ThoughtSignature} from './wire.js'

/** A piece of an answer, or a whole one, with what servers other than OpenAI's add and leave out. */
export interface WireChunk {
  object?: string
  choices?: WireChoice[] | null
  usage?: WireUsage | null
  x_groq?: {usage?: WireUsage | null}
}

interface WireChoice {
  delta?: WireDelta | null
  message?: WireDelta | null
  finish_reason?: string | null
  error?: unknown
}

export interface WireDelta {
  content?: string | WirePart[] | null
  reasoning_content?: string | null
  reasoning?: unknown
  refusal?: string | null
  /** A list, except from old servers of Hugging Face. */
  tool_calls?: WireCall[] | WireCall | null
  function_call?: WireFunction | null
}

/** Mistral's way to tell thoughts from text. */
interface WirePart {
  text?: string
  thinking?: WirePart[] | string
}

interface WireCall {
  index?: number | null
  id?: string | null
  function?: WireFunction | null
}

interface WireFunction {
  name?: string | null
  arguments?: unknown
}

interface OpenCall {
  /** Under which the call goes on; its own among the calls of the answer. */
  key: string
  index: number | undefined
  id: string
}

const NOTHING: AdapterEvent[] = []

const REASONS: Record<string, FinishReason> = {
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  content_filter: 'content_filter',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
}

/** Ends of an answer that are none: the server gave up. */
const GIVEN_UP: Record<string, string> = {
  error: 'the answer was broken off by an error',
  abort: 'the answer was broken off',
  insufficient_system_resource: 'the answer was broken off for lack of resources',
}

/** Makes events of the chunks of one answer. */
export class AnswerReader {
  readonly #splitter = new ThoughtSplitter()
  readonly #calls: OpenCall[] = []
  #hasRefused = false
  #thoughtField: ThoughtSignature['field'] | undefined
  #reason = ''
  #usage: WireUsage | undefined

  /** Whether the server has said that the answer is complete. */
  get isComplete(): boolean {
    return this.#reason !== ''
  }

  read(chunk: WireChunk): AdapterEvent[] {
    const usage = chunk.usage ?? chunk.x_groq?.usage
    if (usage) this.#usage = usage
    const choice = chunk.choices?.[0]
    if (!choice) {
      if (chunk.object === 'error') throw new ServerFailure(chunk)
      return NOTHING
    }
    if (choice.error) throw new ServerFailure(choice.error)
    const {delta, message} = choice
    const events = delta ? this.#readDelta(delta) : message ? this.#readDelta(numberCalls(message)) : NOTHING
    if (choice.finish_reason) this.#finish(choice.finish_reason)
    return events
  }

  /** What is left to tell when the server has ended its answer: calls that are now whole, usage, finish. Nothing if it broke off. */
  end(): AdapterEvent[] {
    if (!this.isComplete) return NOTHING
    const ends = this.#calls.map(({key}) => ({type: 'tool_call_end', id: key}) as const)
    const usage = this.#usage ? [{type: 'usage', usage: this.toUsage(this.#usage)} as const] : []
    return [...this.#splitter.end(), ...this.endThoughts(), ...ends, ...usage, {type: 'finish', reason: this.#finishReason()}]
  }

  /** The thoughts in a piece of the answer, for services that have a way of their own to tell them. */
  protected readThoughts({reasoning_content, reasoning}: WireDelta, events: AdapterEvent[]): void {
    const field = reasoning_content ? 'reasoning_content' : 'reasoning'
    const text = reasoning_content || reasoning
    if (!text || typeof text !== 'string') return
    if (this.returnsThoughtsIn(field)) this.#thoughtField = field
    events.push({type: 'reasoning', text})
  }

  /** Whether thoughts that came in the field and led to a tool call go back in it. */
  protected returnsThoughtsIn(field: ThoughtSignature['field']): boolean {
    return field === 'reasoning_content'
  }

  /** What closes the thoughts of which a tool call follows; called again at the end of the answer. */
  protected endThoughts(): AdapterEvent[] {
    if (!this.#thoughtField || this.#calls.length === 0) return NOTHING
    const signature: ThoughtSignature = {field: this.#thoughtField}
    this.#thoughtField = undefined
    return [{type: 'reasoning', text: '', signature}]
  }

  protected toUsage(usage: WireUsage): Usage {
    return toUsage(usage)
  }

  #finish(reason: string): void {
    const problem = GIVEN_UP[reason]
    if (problem) throw new ServerFailure({message: problem, code: reason})
    this.#reason = reason
  }

  #finishReason(): FinishReason {
    if (this.#hasRefused) return 'refusal'
    // Some servers say `stop` after tool calls, OpenAI too where a tool was required.
    return REASONS[this.#reason] ?? (this.#calls.length > 0 ? 'tool_calls' : 'stop')
  }

  #readDelta(delta: WireDelta): AdapterEvent[] {
    const {content, refusal, tool_calls, function_call} = delta
    const events: AdapterEvent[] = []
    this.readThoughts(delta, events)
    if (typeof content === 'string') events.push(...this.#splitter.split(content))
    else if (content) for (const part of content) events.push(...readPart(part))
    if (refusal) {
      this.#hasRefused = true
      events.push({type: 'text', text: refusal})
    }
    if (tool_calls) for (const call of [tool_calls].flat()) this.#readCall(call, events)
    if (function_call) this.#readCall({index: 0, function: function_call}, events)
    return events
  }

  #readCall({index, id, function: called}: WireCall, events: AdapterEvent[]): void {
    const name = called?.name
    let call = this.#find(index ?? undefined, id ?? '', Boolean(name))
    if (!call) {
      call = {key: this.#keyOf(id ?? ''), index: index ?? undefined, id: id ?? ''}
      this.#calls.push(call)
      events.push(...this.#splitter.end(), ...this.endThoughts(), {type: 'tool_call_start', id: call.key, name: name ?? ''})
    }
    const text = called?.arguments
    if (text) events.push({type: 'tool_call_delta', id: call.key, arguments: typeof text === 'string' ? text : JSON.stringify(text)})
  }

  /**
   * The call that a piece belongs to; undefined for a new one. Servers number their calls, or name them, or do both, or neither;
   * some give all the same number, some repeat the id with every piece, some send it empty.
   */
  #find(index: number | undefined, id: string, isNamed: boolean): OpenCall | undefined {
    const last = this.#calls.at(-1)
    const found = index === undefined ? (id ? this.#calls.findLast((call) => call.id === id) : last) : this.#calls.findLast((call) => call.index === index)
    const isAnother = isNamed && (id === '' ? index === undefined : found?.id !== id)
    return isAnother ? undefined : found
  }

  #keyOf(id: string): string {
    let key = id || `call_${this.#calls.length + 1}`
    while (this.#calls.some((call) => call.key === key)) key += '_'
    return key
  }
}

// In a whole answer each call stands by itself, whatever its id and number.
function numberCalls({tool_calls, ...message}: WireDelta): WireDelta {
  return {...message, tool_calls: [tool_calls ?? []].flat().map((call, index) => ({...call, index}))}
}

function readPart({text, thinking}: WirePart): AdapterEvent[] {
  if (thinking) return [{type: 'reasoning', text: typeof thinking === 'string' ? thinking : thinking.map((thought) => thought.text ?? '').join('')}]
  return text ? [{type: 'text', text}] : NOTHING
}
