import type {AdapterEvent} from '../answer-assembler.js'
import type {FinishReason, GenerationRequest, ToolDefinition} from '../provider.js'
import type {Reply} from './fake-server.js'
import type {ProviderWire} from './provider-wire.js'
import {answerWith} from './replies.js'

/** Characters of one to four bytes, some of several code points, quotes, a newline and what looks like an event of its own. */
export const PIECES: string[] = ['Grüße', ', ', '世界', ' 👩‍🚀', '\n\ndata: "{}"\r\n', ' e\u0301nd.']
export const TEXT: string = PIECES.join('')

export const WEATHER: ToolDefinition = {
  name: 'get_weather',
  description: 'the weather of a city',
  parameters: {type: 'object', properties: {city: {type: 'string'}, days: {type: 'integer'}}, required: ['city']},
}

export const CLOCK: ToolDefinition = {name: 'get-time', parameters: {type: 'object', properties: {}}}

export const TOOLS: ToolDefinition[] = [WEATHER, CLOCK]

/** An event for each piece of a text. */
export function texts(pieces: readonly string[] = PIECES): AdapterEvent[] {
  return pieces.map((text) => ({type: 'text', text}))
}

/** A call with its arguments in pieces; a server that sends no ids ignores this one. */
export function callOf(id: string, name: string, pieces: readonly string[]): AdapterEvent[] {
  return [
    {type: 'tool_call_start', id, name},
    ...pieces.map((piece) => ({type: 'tool_call_delta', id, arguments: piece}) as const),
    {type: 'tool_call_end', id},
  ]
}

/** The end of an answer. */
export function finish(reason: FinishReason = 'stop'): AdapterEvent {
  return {type: 'finish', reason}
}

/** The reply of a server that answers as these events say, each in a piece of its own. */
export function replyWith(wire: ProviderWire, events: readonly AdapterEvent[]): Reply {
  return answerWith(wire.answer(events), wire)
}

/** The plainest of requests. */
export function ask(model: string): GenerationRequest {
  return {model, messages: [{role: 'user', content: 'Say something.'}]}
}
