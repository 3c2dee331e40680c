import type {ProviderWire, ReadMessage} from '../../../src/core/providers/testing/provider-wire.js'
import {openaiWire} from '../openai/openai-wire.js'

/** How Mistral's chat completions look on the wire: OpenAI's, but for thoughts, ids and the choice of tools. */
export const mistralWire: ProviderWire = {
  ...openaiWire,
  usage: ['inputTokens', 'outputTokens', 'cachedTokens'],

  answer: (events) => openaiWire.answer(events).map((piece) => piece.replace(/"content":null,"reasoning_content":("(?:[^"\\]|\\.)*")/, thoughtIn)),
  errorBody: (_, message) => JSON.stringify({object: 'error', message, type: 'invalid_request_error', param: null, code: '1500'}),
  errorPiece: (message) => `data: ${JSON.stringify({object: 'error', message, type: 'internal_server_error', code: '1000'})}\n\n`,
  modelsBody: (models) =>
    JSON.stringify({object: 'list', data: models.map((id) => ({id, object: 'model', capabilities: {completion_chat: true}, max_context_length: 262_144}))}),

  read(request) {
    const read = openaiWire.read(request)
    const {messages, tool_choice} = JSON.parse(request.body)
    const ids = new Ids()
    return {
      ...read,
      toolChoice: tool_choice === 'any' ? 'required' : read.toolChoice,
      messages: read.messages.map((message, index) => readMessage(message, messages[index].content, ids)),
    }
  },
}

function thoughtIn(_: string, text: string): string {
  return `"content":[{"type":"thinking","thinking":[{"type":"text","text":${text}}]}]`
}

function readMessage(message: ReadMessage, content: string | null | {type: string; thinking?: {text: string}[]}[], ids: Ids): ReadMessage {
  const {toolCalls, answers} = message
  const thoughts = Array.isArray(content) ? content.filter(({type}) => type === 'thinking') : []
  return {
    ...message,
    ...(toolCalls && {toolCalls: toolCalls.map((call) => ({...call, id: ids.read(call.id ?? '')}))}),
    ...(answers !== undefined && {answers: ids.read(answers)}),
    ...(thoughts.length > 0 && {reasoning: {text: thoughts.flatMap(({thinking = []}) => thinking.map(({text}) => text)).join('')}}),
  }
}

/** Mistral takes ids of nine letters and digits. The kit's own, `call_a` and so on, come back in the order in which they are first seen. */
class Ids {
  readonly #seen: string[] = []

  read(id: string): string {
    if (!/^[A-Za-z0-9]{9}$/.test(id)) return `refused: ${id}`
    if (!this.#seen.includes(id)) this.#seen.push(id)
    return `call_${'abc'[this.#seen.indexOf(id)]}`
  }
}
