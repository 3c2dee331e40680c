import type {AdapterEvent} from '../../../src/core/providers/answer-assembler.js'
import type {ProviderWire, ReadMessage} from '../../../src/core/providers/testing/provider-wire.js'

interface SentMessage {
  role: ReadMessage['role']
  content: string
  images?: string[]
  thinking?: string
  tool_name?: string
  tool_call_id?: string
  tool_calls?: {id?: string; function: {name: string; arguments: unknown}}[]
}

/** Ollama's protocol, as the conformance kit plays it; before 0.12.10 Ollama had no ids of tool calls. */
export function ollamaWire({hasToolIds}: {hasToolIds: boolean}): ProviderWire {
  return {
    basePath: '',
    contentType: 'application/x-ndjson',
    idlePieces: [toLine({message: {role: 'assistant', content: ''}, done: false}), '\n'],
    allowsCrlf: true,
    toolArguments: 'object',
    hasToolIds,
    hasToolChoice: false,
    returnsThoughts: true,
    usage: ['inputTokens', 'outputTokens'],
    answer: (events) => toPieces(events, hasToolIds),
    errorBody: (_status, message) => JSON.stringify({error: message}),
    errorPiece: (message) => toLine({error: message}),
    modelsBody: (models) => JSON.stringify({models: models.map((name) => ({name, size: 1, modified_at: '2026-01-01T00:00:00Z'}))}),
    read({headers, body}) {
      const {model, messages, tools = [], format, options = {}, think} = JSON.parse(body)
      return {
        model,
        messages: messages.map((message: SentMessage) => readMessage(message, hasToolIds)),
        tools: tools.map((tool: {function: {name: string}}) => tool.function.name),
        schema: format,
        maxTokens: options.num_predict,
        temperature: options.temperature,
        reasoning: think,
        apiKey: String(headers.authorization).replace('Bearer ', ''),
      }
    },
  }
}

function toLine(value: object): string {
  return `${JSON.stringify({model: 'm', ...value})}\n`
}

function readMessage({role, content, images, thinking, tool_name, tool_call_id, tool_calls}: SentMessage, hasToolIds: boolean): ReadMessage {
  const toolCalls = tool_calls?.map(({id, function: {name, arguments: given}}) => ({...(id && {id}), name, arguments: given}))
  const answers = hasToolIds ? tool_call_id : tool_name
  return {
    role,
    text: content,
    ...(toolCalls && {toolCalls}),
    ...(answers && {answers}),
    ...(images && {images}),
    ...(thinking && {reasoning: {text: thinking}}),
  }
}

// Ollama sends a call whole, once the model has written all of it, and its counts with the last line.
function toPieces(events: readonly AdapterEvent[], hasToolIds: boolean): string[] {
  const say = (message: object) => [toLine({message: {role: 'assistant', content: '', ...message}, done: false})]
  let written = {name: '', text: ''}
  let usage = {}
  return events.flatMap((event) => {
    if (event.type === 'text') return say({content: event.text})
    if (event.type === 'reasoning') return say({thinking: event.text})
    if (event.type === 'tool_call_start') written = {name: event.name, text: ''}
    else if (event.type === 'tool_call_delta') written.text += event.arguments
    else if (event.type === 'tool_call_end') {
      const called = {name: written.name, arguments: JSON.parse(written.text || '{}')}
      return say({tool_calls: [{...(hasToolIds && event.id && {id: event.id}), function: called}]})
    } else if (event.type === 'usage') usage = {prompt_eval_count: event.usage.inputTokens, eval_count: event.usage.outputTokens}
    else return [toLine({message: {role: 'assistant', content: ''}, done: true, done_reason: event.reason === 'length' ? 'length' : 'stop', ...usage})]
    return []
  })
}
