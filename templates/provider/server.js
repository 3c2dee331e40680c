// @ts-check
// How Acme's API looks to its server: with this the conformance kit of Helix plays the server, with all its faults.
/** @import {ProviderWire, ReadMessage} from 'helix-cli/provider/testing' */

/** @type {ProviderWire} */
export const wire = {
  basePath: '/v1',
  contentType: 'text/event-stream',
  allowsCrlf: true,
  toolArguments: 'text',
  hasToolIds: true,
  hasToolChoice: true,
  returnsThoughts: false,
  usage: ['inputTokens', 'outputTokens'],
  idlePieces: [': keep-alive\n\n', event({choices: []}), event({choices: [{delta: {}}]})],

  // What the server sends for these events.
  answer(events) {
    let index = -1
    const pieces = events.map((given) => {
      if (given.type === 'text') return chunk({content: given.text})
      if (given.type === 'tool_call_start') return chunk({tool_calls: [{index: ++index, id: given.id, function: {name: given.name, arguments: ''}}]})
      if (given.type === 'tool_call_delta') return chunk({tool_calls: [{index, function: {arguments: given.arguments}}]})
      if (given.type === 'usage') return event({choices: [], usage: {prompt_tokens: given.usage.inputTokens, completion_tokens: given.usage.outputTokens}})
      if (given.type === 'finish') return `${event({choices: [{delta: {}, finish_reason: given.reason}]})}data: [DONE]\n\n`
      return ''
    })
    return pieces.filter(Boolean)
  },
  errorBody: (_status, message) => JSON.stringify({error: {message}}),
  errorPiece: (message) => event({error: {message}}),
  modelsBody: (models) => JSON.stringify({data: models.map((id) => ({id}))}),

  // What the server understands of a request.
  read({body, headers}) {
    const {model, messages, tools = [], tool_choice, response_format, max_tokens, temperature} = JSON.parse(body)
    return {
      model,
      messages: messages.map(readMessage),
      tools: tools.map((/** @type {{function: {name: string}}} */ tool) => tool.function.name),
      toolChoice: tool_choice?.function ? {name: tool_choice.function.name} : tool_choice,
      schema: response_format?.json_schema.schema,
      maxTokens: max_tokens,
      temperature,
      apiKey: String(headers.authorization).replace('Bearer ', ''),
    }
  },
}

/**
 * @param {{role: ReadMessage['role'], content: string, tool_calls?: {id: string, function: {name: string, arguments: string}}[], tool_call_id?: string}} message
 * @returns {ReadMessage}
 */
function readMessage({role, content, tool_calls, tool_call_id}) {
  return {
    role,
    text: content,
    ...(tool_calls && {toolCalls: tool_calls.map(({id, function: called}) => ({id, name: called.name, arguments: JSON.parse(called.arguments)}))}),
    ...(tool_call_id && {answers: tool_call_id}),
  }
}

/** @param {object} delta */
function chunk(delta) {
  return event({choices: [{delta}]})
}

/** @param {object} data */
function event(data) {
  return `data: ${JSON.stringify(data)}\n\n`
}
