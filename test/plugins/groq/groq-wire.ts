import type {ProviderWire} from '../../../src/core/providers/testing/provider-wire.js'
import {openaiWire, sse} from '../openai/openai-wire.js'

/** How Groq's chat completions look on the wire. */
export const groqWire: ProviderWire = {
  ...openaiWire,
  idlePieces: [...openaiWire.idlePieces, sse({id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [], x_groq: {id: 'req_1', seed: 7}})],
  answer: (events) => openaiWire.answer(events).map((piece) => piece.replace('"reasoning_content":', '"reasoning":')),
  errorBody: (status, message) =>
    JSON.stringify({error: {message, type: 'invalid_request_error', code: status === 404 ? 'model_not_found' : 'invalid_api_request'}}),
  // Under a name of its own, as Groq sends it.
  errorPiece: (message) => `event: error\n${sse({error: {message, type: 'internal_server_error', status_code: 500}})}`,
  read(request) {
    const {max_completion_tokens: maxTokens, messages} = JSON.parse(request.body)
    const read = openaiWire.read(request)
    return {
      ...read,
      maxTokens,
      messages: read.messages.map((message, index) => {
        const thoughts = messages[index].reasoning
        return thoughts === undefined ? message : {...message, reasoning: {text: thoughts}}
      }),
    }
  },
}
