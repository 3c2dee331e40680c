// @ts-check
// How Acme's API talks: what a request looks like, and what the pieces of an answer mean.
import {RequestFailure} from 'helix-cli/provider'

/** @import {AdapterEvent, ChatRequest, FinishReason, Message, ToolChoice} from 'helix-cli/provider' */

/** What the API calls the ends of an answer. @type {Record<string, FinishReason>} */
const REASONS = {stop: 'stop', length: 'length', tool_calls: 'tool_calls', content_filter: 'content_filter'}

/** @param {ChatRequest} request */
export function toBody({model, messages, tools, toolChoice, maxTokens, temperature, schema}) {
  return {
    model,
    messages: messages.map(toMessage),
    max_tokens: maxTokens,
    temperature,
    response_format: schema && {type: 'json_schema', json_schema: {name: 'answer', schema}},
    ...(tools.length > 0 && {
      tools: tools.map(({name, description, parameters}) => ({type: 'function', function: {name, description, parameters}})),
      tool_choice: toChoice(toolChoice),
    }),
    stream: true,
    stream_options: {include_usage: true},
  }
}

/** @param {Message} message */
function toMessage(message) {
  const {role, content} = message
  if (role === 'tool') return {role, content, tool_call_id: message.toolCallId}
  if (typeof content === 'string') return {role, content}
  const calls = content.filter((part) => part.type === 'tool_call')
  return {
    role,
    content: content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    ...(calls.length > 0 && {tool_calls: calls.map((call) => ({id: call.id, type: 'function', function: {name: call.name, arguments: call.arguments}}))}),
  }
}

/** @param {ToolChoice} choice */
function toChoice(choice) {
  return typeof choice === 'string' ? choice : {type: 'function', function: {name: choice.name}}
}

/** Makes events of the pieces of one answer. */
export class AnswerReader {
  #reason = ''
  /** @type {{prompt_tokens: number, completion_tokens: number} | undefined} */
  #usage
  /** The tool call that has begun. @type {{index: number, id: string} | undefined} */
  #call;

  /**
   * @param {any} chunk
   * @returns {Generator<AdapterEvent>}
   */
  *read({error, usage, choices}) {
    if (error) throw new RequestFailure({status: 500, message: error.message})
    this.#usage = usage ?? this.#usage
    const {delta, finish_reason} = choices?.[0] ?? {}
    this.#reason = finish_reason ?? this.#reason
    if (delta?.content) yield {type: 'text', text: delta.content}
    for (const piece of delta?.tool_calls ?? []) yield* this.#readCall(piece)
  }

  /**
   * The end of the answer; nothing where the API has not said that it is one.
   * @returns {Generator<AdapterEvent>}
   */
  *end() {
    if (!this.#reason) return
    if (this.#call) yield {type: 'tool_call_end', id: this.#call.id}
    if (this.#usage) yield {type: 'usage', usage: {inputTokens: this.#usage.prompt_tokens, outputTokens: this.#usage.completion_tokens}}
    yield {type: 'finish', reason: REASONS[this.#reason] ?? 'stop'}
  }

  /**
   * @param {any} piece
   * @returns {Generator<AdapterEvent>}
   */
  *#readCall({index, id = '', function: called}) {
    if (this.#call?.index !== index) {
      // The next call begins when the one before is whole.
      if (this.#call) yield {type: 'tool_call_end', id: this.#call.id}
      this.#call = {index, id}
      yield {type: 'tool_call_start', id, name: called.name}
    }
    if (this.#call && called.arguments) yield {type: 'tool_call_delta', id: this.#call.id, arguments: called.arguments}
  }
}

/** @param {string} body of an answer with an error status */
export function saidIn(body) {
  try {
    return String(JSON.parse(body).error.message)
  } catch {
    return undefined
  }
}

/**
 * What follows `data:` in each line of a stream of server-sent events. A line that is not whole when the connection ends is lost.
 * @param {Response} response
 */
export async function* readData({body}) {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body ?? []) {
    const lines = (rest + decoder.decode(bytes, {stream: true})).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data:')) yield line.slice('data:'.length).trim()
  }
}
