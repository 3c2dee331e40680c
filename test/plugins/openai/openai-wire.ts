import type {AdapterEvent} from '../../../src/core/providers/answer-assembler.js'
import type {ProviderWire, ReadMessage} from '../../../src/core/providers/testing/provider-wire.js'

/** How OpenAI's chat completions look on the wire. */
export const openaiWire: ProviderWire = {
  basePath: '/v1',
  contentType: 'text/event-stream; charset=utf-8',
  allowsCrlf: true,
  toolArguments: 'text',
  hasToolIds: true,
  hasToolChoice: true,
  returnsThoughts: true,
  usage: ['inputTokens', 'outputTokens', 'reasoningTokens', 'cachedTokens'],
  idlePieces: [
    ': keep-alive\n\n',
    ':\n\n',
    'retry: 1000\nid: 7\n\n',
    chunk({delta: {}}),
    chunk({delta: {role: 'assistant', content: null, tool_calls: null, reasoning_content: null, refusal: null}}),
    sse({id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [], usage: null, prompt_filter_results: []}),
  ],

  answer(events) {
    const calls = new Map<string, number>()
    const pieces = events.flatMap((event) => pieceOf(event, calls, events))
    return events.some(({type}) => type === 'finish') ? [...pieces, 'data: [DONE]\n\n'] : pieces
  },

  errorBody: (status, message) => JSON.stringify({error: {message, type: 'error', param: null, code: status === 404 ? 'model_not_found' : null}}),
  errorPiece: (message) => sse({error: {message, type: 'server_error', code: null}}),
  modelsBody: (models) => JSON.stringify({object: 'list', data: models.map((id) => ({id, object: 'model', owned_by: 'nobody'}))}),

  read({body, headers}) {
    const {model, messages, tools = [], tool_choice, response_format, max_tokens, temperature, reasoning_effort} = JSON.parse(body)
    return {
      model,
      messages: messages.map(readMessage),
      tools: tools.map(({function: {name}}: {function: {name: string}}) => name),
      toolChoice: typeof tool_choice === 'object' ? tool_choice.function : tool_choice,
      schema: response_format?.json_schema?.schema,
      maxTokens: max_tokens,
      temperature,
      reasoning: reasoning_effort,
      apiKey: String(headers.authorization).replace(/^Bearer /, ''),
    }
  },
}

/** An event of the stream. */
export function sse(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

/** An event with one choice. */
export function chunk(choice: object): string {
  return sse({id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{index: 0, finish_reason: null, ...choice}]})
}

function pieceOf(event: AdapterEvent, calls: Map<string, number>, events: readonly AdapterEvent[]): string[] {
  if (event.type === 'text') return [chunk({delta: {content: event.text}})]
  if (event.type === 'reasoning') return [chunk({delta: {content: null, reasoning_content: event.text}})]
  if (event.type === 'tool_call_start') {
    calls.set(event.id, events.filter(({type}) => type === 'tool_call_start').indexOf(event))
    const called = {index: calls.get(event.id), id: event.id, type: 'function', function: {name: event.name, arguments: ''}}
    return [chunk({delta: {tool_calls: [called]}})]
  }
  if (event.type === 'tool_call_delta') return [chunk({delta: {tool_calls: [{index: calls.get(event.id), function: {arguments: event.arguments}}]}})]
  if (event.type === 'finish') return [chunk({delta: {}, finish_reason: event.reason})]
  if (event.type !== 'usage') return []
  const {inputTokens = 0, outputTokens = 0, cachedTokens, reasoningTokens} = event.usage
  const counts = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: {cached_tokens: cachedTokens},
    completion_tokens_details: {reasoning_tokens: reasoningTokens},
  }
  return [sse({id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [], usage: counts})]
}

interface WireMessage {
  role: ReadMessage['role']
  content: string | null | {type: string; text?: string; image_url?: {url: string}}[]
  tool_calls?: {id: string; function: {name: string; arguments: string}}[]
  tool_call_id?: string
  reasoning_content?: string
}

function readMessage({role, content, tool_calls, tool_call_id, reasoning_content}: WireMessage): ReadMessage {
  const parts = typeof content === 'string' ? [{type: 'text', text: content}] : (content ?? [])
  const images = parts.flatMap((part) => ('image_url' in part && part.image_url ? [part.image_url.url.replace(/^data:image\/png;base64,/, '')] : []))
  return {
    role,
    text: parts.map((part) => part.text ?? '').join(''),
    ...(images.length > 0 && {images}),
    ...(tool_calls && {toolCalls: tool_calls.map((call) => ({id: call.id, name: call.function.name, arguments: JSON.parse(call.function.arguments)}))}),
    ...(tool_call_id !== undefined && {answers: tool_call_id}),
    ...(reasoning_content !== undefined && {reasoning: {text: reasoning_content}}),
  }
}
