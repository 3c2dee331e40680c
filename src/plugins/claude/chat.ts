import {HelixError} from '../../core/errors/helix-error.js'
import type {AdapterEvent} from '../../core/providers/answer-assembler.js'
import {BaseProvider} from '../../core/providers/base-provider.js'
import {checkKey} from '../../core/providers/chat-completions/failures.js'
import {parseObject} from '../../core/providers/parse-object.js'
import type {ChatRequest, ModelInfo, ProviderCapabilities} from '../../core/providers/provider.js'
import {RequestFailure, streamCut} from '../../core/providers/provider-error.js'
import {readServerSentEvents} from '../../core/providers/server-sent-events.js'
import {AnswerReader, type WireEvent, type WireMessage} from './answer-reader.js'
import {refusal, toFailure, wrongEndpoint} from './failures.js'
import {traitsOf} from './models.js'
import {toOutputSchema} from './schema.js'
import {toWireRequest} from './wire.js'

const VERSION = '2023-06-01'
/** As many as a page may have. */
const MODELS = '/v1/models?limit=1000'

/** Anthropic's Messages API. */
export class ClaudeProvider extends BaseProvider {
  getCapabilities(): ProviderCapabilities {
    return {tools: true, reasoning: true, schema: true, images: true, documents: true}
  }

  protected override capabilitiesOf(model: string): ProviderCapabilities {
    const {schema, thinking} = traitsOf(model)
    return {...this.getCapabilities(), schema, reasoning: thinking !== 'none'}
  }

  protected override takesSchema(request: ChatRequest): boolean {
    return super.takesSchema(request) && request.schema !== undefined && toOutputSchema(request.schema) !== undefined
  }

  protected override maxTokensOf(model: string): number {
    return traitsOf(model).maxTokens ?? super.maxTokensOf(model)
  }

  protected async *respond(request: ChatRequest, signal: AbortSignal): AsyncIterable<AdapterEvent> {
    const body = toWireRequest(request, this.maxTokensOf(request.model))
    const response = await this.#send('/v1/messages', {method: 'POST', body: JSON.stringify(body), signal})
    const reader = new AnswerReader()
    if (response.headers.get('content-type')?.includes('json')) {
      yield* reader.readWhole(this.#checkWhole(await response.text()))
      return
    }
    try {
      for await (const events of readServerSentEvents(response.body)) {
        for (const {data} of events) {
          const event = JSON.parse(data) as WireEvent
          for (const told of reader.read(event)) yield told
          // What is lost from here on is no part of the answer.
          if (event.type === 'message_stop') return
        }
      }
    } catch (error) {
      // What sockets and parsers make of a stream that breaks; what the server says in it is an error of its own.
      throw error instanceof RequestFailure || HelixError.is(error) ? error : streamCut(this.options.id, false, error)
    }
  }

  protected async fetchModels(signal: AbortSignal): Promise<ModelInfo[]> {
    const models: ModelInfo[] = []
    for (let after = ''; ; ) {
      const page = parseObject(await (await this.#send(`${MODELS}${after}`, {signal})).text()) as ModelPage | undefined
      if (!page?.data?.every(isModel)) throw wrongEndpoint(this.options.id, this.endpoint)
      models.push(...page.data.map(({id, max_input_tokens}) => ({id, ...(max_input_tokens && {contextTokens: max_input_tokens})})))
      const next = page.has_more && page.last_id ? `&after_id=${encodeURIComponent(page.last_id)}` : ''
      if (!next || next === after) return models
      after = next
    }
  }

  protected override get endpoint(): string {
    return String(this.options.settings.base_url)
  }

  /** Sends a request. Rejects where the answer is an error, or a page for people. */
  async #send(path: string, init: RequestInit): Promise<Response> {
    const {apiKey, fetch, id} = this.options
    if (apiKey) checkKey(id, apiKey)
    // Some give the address with the version, as that of other providers has it.
    const response = await fetch(this.endpoint.replace(/\/v1$/, '') + path, {
      ...init,
      // A redirect would take the key along to wherever it leads.
      redirect: 'manual',
      headers: {'anthropic-version': VERSION, 'content-type': 'application/json', ...(apiKey && {'x-api-key': apiKey})},
    })
    const {ok, status, headers} = response
    if (status >= 400) throw refusal(status, await response.text(), headers)
    if (!ok || headers.get('content-type')?.includes('html')) throw wrongEndpoint(id, this.endpoint)
    return response
  }

  // A server in between may not stream.
  #checkWhole(text: string): WireMessage {
    const answer = parseObject(text)
    if (!answer && text.trimStart().startsWith('{')) throw streamCut(this.options.id, false)
    if (answer?.error) throw toFailure(answer)
    if (!Array.isArray(answer?.content)) throw wrongEndpoint(this.options.id, this.endpoint)
    return answer as WireMessage
  }
}

function isModel(value: unknown): value is WireModel {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string'
}

interface WireModel {
  id: string
  max_input_tokens?: number | null
}

interface ModelPage {
  data?: WireModel[]
  has_more?: boolean
  last_id?: string | null
}
