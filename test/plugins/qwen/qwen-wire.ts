import type {ProviderWire} from '../../../src/core/providers/testing/provider-wire.js'
import {openaiWire} from '../openai/openai-wire.js'

/** How the chat completions of Alibaba Cloud look on the wire. */
export const qwenWire: ProviderWire = {
  ...openaiWire,
  basePath: '/compatible-mode/v1',
  errorBody: (status, message) =>
    JSON.stringify({
      error: {message, type: status === 401 ? 'invalid_request_error' : 'error', param: null, code: status === 404 ? 'model_not_found' : null},
      request_id: '54dc32fd-968b-4aed-b6a8-ae63d6fda4d5',
    }),
  read(request) {
    const {enable_thinking: enabled, thinking_budget: budget} = JSON.parse(request.body)
    return {...openaiWire.read(request), reasoning: enabled === undefined ? undefined : {enabled, budget}}
  },
}
