import type {AdapterEvent} from '../../core/providers/answer-assembler.js'
import {BaseProvider} from '../../core/providers/base-provider.js'
import {checkKey} from '../../core/providers/chat-completions/failures.js'
import type {ChatRequest, ModelInfo, ProviderCapabilities} from '../../core/providers/provider.js'
import {ProviderError, RequestFailure, streamCut} from '../../core/providers/provider-error.js'
import {readServerSentEvents} from '../../core/providers/server-sent-events.js'
import {AnswerReader, parseChunks} from './answer-reader.js'
import {readRefusal, wrongEndpoint} from './failures.js'
import {type ModelPage, toModelPage} from './model-list.js'
import {mostTokensOf, pathOf, takesSchemaWithTools} from './models.js'
import {toWireRequest} from './wire.js'

/** Google's Gemini API. */
export class GeminiProvider extends BaseProvider {
  /** What the API can carry; what a model cannot do, Google says. */
  getCapabilities(): ProviderCapabilities {
    return {tools: true, reasoning: true, schema: true, images: true, documents: true}
  }

  protected async *respond(request: ChatRequest, signal: AbortSignal): AsyncIterable<AdapterEvent> {
    const path = `${pathOf(request.model)}:streamGenerateContent?alt=sse`
    const body = toWireRequest(request)
    const reader = new AnswerReader(this.options.id)
    for (let part: object | undefined = {}; part; part = reader.takeContinuation()) {
      const response = await this.#send(path, signal, {...body, ...part})
      try {
        for await (const texts of this.#readTexts(response)) {
          for (const text of texts) for (const event of reader.read(text)) yield event
        }
      } catch (error) {
        // What is lost after the finish is no part of the answer.
        if (!reader.isComplete) throw this.#toStreamError(error)
      }
    }
    yield* reader.end()
  }

  protected async fetchModels(signal: AbortSignal): Promise<ModelInfo[]> {
    const models: ModelInfo[] = []
    let page: ModelPage | undefined
    do {
      const response = await this.#send(`models?pageSize=1000${page ? `&pageToken=${encodeURIComponent(page.nextPageToken)}` : ''}`, signal)
      page = toModelPage(await response.text())
      if (!page) throw this.#wrongEndpoint()
      models.push(...page.models)
    } while (page.nextPageToken)
    return models
  }

  protected override takesSchema({model, tools}: ChatRequest): boolean {
    return tools.length === 0 || takesSchemaWithTools(model)
  }

  protected override maxTokensOf(model: string): number {
    return mostTokensOf(model) ?? super.maxTokensOf(model)
  }

  protected override get endpoint(): string {
    return String(this.options.settings.base_url)
  }

  async #send(path: string, signal: AbortSignal, body?: object): Promise<Response> {
    const {apiKey, fetch, id} = this.options
    if (apiKey) checkKey(id, apiKey)
    const response = await fetch(`${this.endpoint.replace(/\/+$/, '')}/${path}`, {
      // A redirect would take the key along to wherever it leads.
      redirect: 'manual',
      signal,
      headers: {...(apiKey && {'x-goog-api-key': apiKey}), ...(body && {'content-type': 'application/json'})},
      ...(body && {method: 'POST', body: JSON.stringify(body)}),
    })
    const {ok, status, headers} = response
    if (ok) return response
    if (status < 400) throw this.#wrongEndpoint()
    throw readRefusal(await response.text(), {provider: id, status, headers})
  }

  /** The JSON texts of an answer, those that arrive together in one list. */
  async *#readTexts(response: Response): AsyncGenerator<string[]> {
    const type = response.headers.get('content-type') ?? ''
    if (type.includes('html')) throw this.#wrongEndpoint()
    if (type.includes('json')) yield [this.#checkWhole(await response.text())]
    else for await (const events of readServerSentEvents(response.body)) yield events.map(({data}) => data)
  }

  // A whole answer, or a list of its chunks, is what a server sends that cannot stream events.
  #checkWhole(text: string): string {
    const chunks = /^\s*[[{]/.test(text) ? parseChunks(text) : []
    if (chunks.some((chunk) => chunk?.candidates || chunk?.promptFeedback || chunk?.error)) return text
    throw this.#wrongEndpoint()
  }

  // A stream that breaks throws what its sockets and parsers make of that; what Google has said is an error of its own.
  #toStreamError(error: unknown): unknown {
    return error instanceof RequestFailure || error instanceof ProviderError ? error : streamCut(this.options.id, false, error)
  }

  #wrongEndpoint(): ProviderError {
    return wrongEndpoint(this.options.id, this.endpoint)
  }
}
