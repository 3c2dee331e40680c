import {checkArguments} from './check-arguments.js'
import type {ChatRequest, ProviderEvent} from './provider.js'

/** Characters; what is longer is no call that anybody meant. */
const LONGEST_ARGUMENTS = 1024 * 1024

/** The events of an answer as an adapter tells them, except that it need not keep the arguments of a tool call. */
export type AdapterEvent = Exclude<ProviderEvent, {type: 'tool_call_end' | 'error'}> | {type: 'tool_call_end'; id: string; signature?: unknown}

/** What an adapter yields at a time: one event, or those that arrived together, which cost less so. Reading the latter may throw. */
export type Arrival = AdapterEvent | Iterable<AdapterEvent>

/** The events of an arrival. */
export function eventsOf(arrival: Arrival): Iterable<AdapterEvent> {
  return 'type' in arrival ? [arrival] : arrival
}

interface OpenCall {
  id: string
  name: string
  pieces: string[]
  length: number
}

/** Makes whole tool calls of their pieces, each with an id of its own, and checks them. */
export class AnswerAssembler {
  readonly #request: ChatRequest
  readonly #calls = new Map<string, OpenCall>()
  readonly #ids: Set<string>
  /** Whether anything has come that the user has seen or that may have been acted upon. */
  hasContent = false
  /** Whether its last event has come. */
  isComplete = false

  constructor(request: ChatRequest) {
    this.#request = request
    this.#ids = new Set(request.messages.flatMap((message) => (message.role === 'tool' ? [message.toolCallId] : [])))
  }

  /** The event as it is passed on; undefined for one that adds nothing. */
  add(event: AdapterEvent): ProviderEvent | undefined | Promise<ProviderEvent> {
    if (event.type === 'tool_call_start') return this.#start(event.id, event.name)
    if (event.type === 'tool_call_delta') return this.#append(event.id, event.arguments)
    if (event.type === 'tool_call_end') return this.#end(event.id, event.signature)
    if (event.type === 'text' && event.text === '') return undefined
    if (event.type === 'text' || event.type === 'reasoning') this.hasContent = true
    if (event.type === 'finish') this.isComplete = true
    return event
  }

  #start(id: string, name: string): ProviderEvent {
    this.hasContent = true
    let unique = id || `call_${this.#ids.size + 1}`
    for (let number = 2; this.#ids.has(unique); number++) unique = `${id || 'call'}_${number}`
    this.#ids.add(unique)
    this.#calls.set(id, {id: unique, name, pieces: [], length: 0})
    return {type: 'tool_call_start', id: unique, name}
  }

  #append(id: string, piece: string): ProviderEvent | undefined {
    const call = this.#callOf(id)
    call.length += piece.length
    if (piece === '' || call.length > LONGEST_ARGUMENTS) return undefined
    call.pieces.push(piece)
    return {type: 'tool_call_delta', id: call.id, arguments: piece}
  }

  async #end(id: string, signature: unknown): Promise<ProviderEvent> {
    const call = this.#callOf(id)
    this.#calls.delete(id)
    const tooLong = call.length > LONGEST_ARGUMENTS
    const text = tooLong ? '{}' : call.pieces.join('') || '{}'
    const problem = tooLong
      ? `the arguments are ${call.length} characters long, ${LONGEST_ARGUMENTS} are allowed`
      : await checkArguments(call.name, text, this.#request.tools)
    return {
      type: 'tool_call_end',
      id: call.id,
      name: call.name,
      arguments: text,
      ...(problem !== undefined && {problem}),
      ...(signature !== undefined && {signature}),
    }
  }

  #callOf(id: string): OpenCall {
    const call = this.#calls.get(id)
    if (!call) throw new Error(`the adapter continues a tool call that it did not start: ${id}`)
    return call
  }
}
