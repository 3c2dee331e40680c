import type {ProviderWire} from '../../../src/core/providers/testing/provider-wire.js'
import {openaiWire} from '../openai/openai-wire.js'

/** How DeepSeek's chat completions look on the wire. */
export const deepseekWire: ProviderWire = {
  ...openaiWire,
  idlePieces: [...openaiWire.idlePieces, ': keep-alive\n\n\n\n'],
  read(request) {
    const {thinking, reasoning_effort} = JSON.parse(request.body)
    const {messages, ...read} = openaiWire.read(request)
    return {
      ...read,
      messages: messages.map(({reasoning, ...message}) => ({...message, ...(reasoning?.text && {reasoning})})),
      reasoning: thinking && {...thinking, effort: reasoning_effort},
    }
  },
}
