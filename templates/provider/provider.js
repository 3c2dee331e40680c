// @ts-check
import {BaseProvider, ProviderError} from 'helix-cli/provider'

/** @import {AdapterEvent, ChatRequest, Failure, FinishReason, Message, ModelInfo, ToolChoice} from 'helix-cli/provider' */

/** What the API calls the ends of an answer. @type {Record<string, FinishReason>} */
const REASONS = {stop: 'stop', length: 'length', tool_calls: 'tool_calls', content_filter: 'content_filter'}

/** Acme's API. `BaseProvider` checks requests, retries, keeps time, cancels and puts tool calls together; what is left is how this API talks. */
export class AcmeProvider extends BaseProvider {
  /** What the API can carry. Helix refuses what is false here before it asks. */
  getCapabilities() {
    return {tools: true, reasoning: false, schema: true, images: false, documents: false}
  }

  /**
   * What `helix provider models acme` lists.
   * @param {AbortSignal} signal
   * @returns {Promise<ModelInfo[]>}
   */
  async fetchModels(signal) {
    const response = await this.#request('/models', {signal})
    const {data} = await response.json()
    return data.map((/** @type {{id: string}} */ {id}) => ({id}))
  }

  /**
   * A request in, events out, the finish last. If the stream ends without one, Helix takes that for a dropped connection.
   * @param {ChatRequest} request
   * @param {AbortSignal} signal
   * @returns {AsyncGenerator<AdapterEvent>}
   */
  async *respond(request, signal) {
    const response = await this.#request('/chat/completions', {method: 'POST', body: JSON.stringify(toBody(request)), signal})
    let reason = ''
    let usage
    /** @type {{index: number, id: string} | undefined} */
    let call
    for await (const data of readData(response)) {
      if (data === '[DONE]') break
      const chunk = JSON.parse(data)
      if (chunk.error) throw new ApiFailure({status: 500, message: chunk.error.message})
      usage = chunk.usage ?? usage
      const {delta, finish_reason} = chunk.choices?.[0] ?? {}
      reason = finish_reason ?? reason
      if (delta?.content) yield {type: 'text', text: delta.content}
      for (const {index, id, function: called} of delta?.tool_calls ?? []) {
        // The next call begins when the one before is whole.
        if (!call || call.index !== index) {
          if (call) yield {type: 'tool_call_end', id: call.id}
          call = {index, id: id ?? ''}
          yield {type: 'tool_call_start', id: call.id, name: called.name}
        }
        if (called?.arguments) yield {type: 'tool_call_delta', id: call.id, arguments: called.arguments}
      }
    }
    if (!reason) return
    if (call) yield {type: 'tool_call_end', id: call.id}
    if (usage) yield {type: 'usage', usage: {inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens}}
    yield {type: 'finish', reason: REASONS[reason] ?? 'stop'}
  }

  /**
   * What an error says: from its status and words Helix tells whether to try again, and the user what to do.
   * @param {unknown} error
   * @returns {Failure}
   */
  readFailure(error) {
    return error instanceof ApiFailure ? error.failure : super.readFailure(error)
  }

  get endpoint() {
    return String(this.options.settings.base_url)
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   */
  async #request(path, init) {
    // This fetch knows the user's proxies and limits of time.
    const {apiKey, fetch} = this.options
    const headers = {'content-type': 'application/json', ...(apiKey && {authorization: `Bearer ${apiKey}`})}
    const response = await fetch(this.endpoint + path, {...init, headers})
    if (response.status < 500 && response.headers.get('content-type')?.includes('html')) {
      throw new ProviderError('config', `what answers at ${this.endpoint} is not the API of Acme`, {code: 'ENDPOINT_WRONG'})
    }
    if (response.ok) return response
    throw new ApiFailure({status: response.status, headers: response.headers, message: saidIn(await response.text()) ?? response.statusText})
  }
}

/** What the API said in place of an answer. */
class ApiFailure extends Error {
  /** @param {Failure} failure */
  constructor(failure) {
    super(failure.message)
    this.failure = failure
  }
}

/** @param {ChatRequest} request */
function toBody({model, messages, tools, toolChoice, maxTokens, temperature, schema}) {
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

/** @param {ToolChoice} choice */
function toChoice(choice) {
  return typeof choice === 'string' ? choice : {type: 'function', function: {name: choice.name}}
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

/**
 * What stands after `data:` in a stream of server-sent events, line by line. A line that is not whole when the connection ends is lost.
 * @param {Response} response
 */
async function* readData({body}) {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body ?? []) {
    const lines = (rest + decoder.decode(bytes, {stream: true})).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data:')) yield line.slice('data:'.length).trim()
  }
}

/** @param {string} body */
function saidIn(body) {
  try {
    return String(JSON.parse(body).error.message)
  } catch {
    return undefined
  }
}
