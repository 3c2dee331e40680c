import type {AdapterEvent} from '../../../src/core/providers/answer-assembler.js'
import type {ToolChoice, Usage} from '../../../src/core/providers/provider.js'
import type {ProviderWire, ReadMessage} from '../../../src/core/providers/testing/provider-wire.js'

/** What the adapter asks for where nobody has set a limit. */
const DEFAULT_MAX_TOKENS = 64_000

const SIGNATURE = 'EvQBCkYICxgCKkAxhD4NUKFz/+='

/** How Anthropic's Messages API looks on the wire. */
export const claudeWire: ProviderWire = {
  basePath: '',
  contentType: 'text/event-stream; charset=utf-8',
  allowsCrlf: true,
  toolArguments: 'text',
  hasToolIds: true,
  hasToolChoice: true,
  returnsThoughts: true,
  signature: SIGNATURE,
  usage: ['inputTokens', 'outputTokens', 'reasoningTokens', 'cachedTokens', 'cacheWriteTokens'],
  idlePieces: [': keep-alive\n\n', event({type: 'ping'}), event({type: 'something_new', index: 0, delta: {type: 'text_delta', text: 'x'}})],

  answer(events) {
    const stream = new BlockStream()
    const pieces = events.flatMap((told) => stream.add(told))
    return [event({type: 'message_start', message: {id: 'msg_1', type: 'message', role: 'assistant', content: [], stop_reason: null}}), ...pieces]
  },

  errorBody: (status, message) => JSON.stringify({type: 'error', error: {type: TYPES[status] ?? 'api_error', message}, request_id: 'req_1'}),
  errorPiece: (message) => event({type: 'error', error: {type: 'api_error', message}}),
  modelsBody: (models) =>
    JSON.stringify({data: models.map((id) => ({type: 'model', id, display_name: id})), has_more: false, first_id: models[0], last_id: models.at(-1)}),

  read({body, headers}) {
    const {model, system = [], messages, tools = [], tool_choice, output_config, max_tokens, temperature, thinking} = JSON.parse(body)
    return {
      model,
      messages: [...system.map(({text}: WireBlock) => ({role: 'system', text})), ...messages.flatMap(readTurn)],
      tools: tools.map(({name}: {name: string}) => name),
      toolChoice: tool_choice && readChoice(tool_choice),
      schema: output_config?.format.schema,
      maxTokens: max_tokens === DEFAULT_MAX_TOKENS ? undefined : max_tokens,
      temperature,
      reasoning: thinking,
      apiKey: String(headers['x-api-key']),
    }
  },
}

const TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

/** An event of the stream. */
export function event(data: {type: string} & Record<string, unknown>): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Puts what is told into blocks, as the API does. */
class BlockStream {
  #index = -1
  #open = ''
  #usage = {}

  add(told: AdapterEvent): string[] {
    if (told.type === 'text') return [...this.#turnTo('text', {text: ''}), this.#delta({type: 'text_delta', text: told.text})]
    if (told.type === 'reasoning') return this.#think(told.text, told.signature)
    if (told.type === 'tool_call_start') return [...this.#close(), ...this.#turnTo('tool_use', {id: told.id, name: told.name, input: {}})]
    if (told.type === 'tool_call_delta') return [this.#delta({type: 'input_json_delta', partial_json: told.arguments})]
    if (told.type === 'tool_call_end') return this.#close()
    if (told.type === 'finish') {
      const ends = {stop_reason: REASONS[told.reason] ?? told.reason, stop_sequence: null}
      return [...this.#close(), event({type: 'message_delta', delta: ends, usage: this.#usage}), event({type: 'message_stop'})]
    }
    this.#usage = toCounts(told.usage)
    return []
  }

  #think(text: string, signature: unknown): string[] {
    const signed = signature === undefined ? [] : [this.#delta({type: 'signature_delta', signature}), ...this.#close()]
    const begun = this.#turnTo('thinking', {thinking: '', signature: ''})
    return [...begun, ...(text ? [this.#delta({type: 'thinking_delta', thinking: text})] : []), ...signed]
  }

  #turnTo(type: string, block: object): string[] {
    if (this.#open === type) return []
    const closed = this.#close()
    this.#open = type
    this.#index++
    return [...closed, event({type: 'content_block_start', index: this.#index, content_block: {type, ...block}})]
  }

  #delta(delta: object): string {
    return event({type: 'content_block_delta', index: this.#index, delta})
  }

  #close(): string[] {
    if (!this.#open) return []
    this.#open = ''
    return [event({type: 'content_block_stop', index: this.#index})]
  }
}

const REASONS: Record<string, string> = {stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use'}

function toCounts({inputTokens = 0, outputTokens, reasoningTokens, cachedTokens = 0, cacheWriteTokens = 0}: Usage): object {
  return {
    input_tokens: inputTokens - cachedTokens - cacheWriteTokens,
    output_tokens: outputTokens,
    cache_read_input_tokens: cachedTokens,
    cache_creation_input_tokens: cacheWriteTokens,
    output_tokens_details: {thinking_tokens: reasoningTokens},
  }
}

interface WireBlock {
  type: string
  text?: string
  thinking?: string
  signature?: string
  id?: string
  name?: string
  input?: unknown
  tool_use_id?: string
  content?: string
  source?: {data: string}
}

function readChoice({type, name}: {type: string; name?: string}): ToolChoice {
  if (type === 'tool') return {name: name as string}
  return type === 'any' ? 'required' : (type as ToolChoice)
}

/** A turn as the messages that it was made of: results of tools stand in one with what the user says. */
function readTurn({role, content}: {role: 'user' | 'assistant'; content: WireBlock[]}): ReadMessage[] {
  const results = content.filter(({type}) => type === 'tool_result')
  const others = content.filter(({type}) => type !== 'tool_result')
  const told = results.map((block): ReadMessage => ({role: 'tool', answers: block.tool_use_id ?? '', text: block.content ?? ''}))
  return others.length > 0 ? [...told, readBlocks(role, others)] : told
}

function readBlocks(role: 'user' | 'assistant', blocks: readonly WireBlock[]): ReadMessage {
  const images = blocks.flatMap(({type, source}) => (type === 'image' && source ? [source.data] : []))
  const calls = blocks.filter(({type}) => type === 'tool_use')
  const [thought] = blocks.filter(({type}) => type === 'thinking')
  return {
    role,
    text: blocks.map(({text = ''}) => text).join(''),
    ...(images.length > 0 && {images}),
    ...(calls.length > 0 && {toolCalls: calls.map(({id = '', name = '', input}) => ({id, name, arguments: input}))}),
    ...(thought && {reasoning: {text: thought.thinking ?? '', signature: thought.signature}}),
  }
}
