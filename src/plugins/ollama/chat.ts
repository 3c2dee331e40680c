import type {ChatResponse, ProgressResponse} from 'ollama/browser'
import type {AdapterEvent} from '../../core/providers/answer-assembler.js'
import {BaseProvider} from '../../core/providers/base-provider.js'
import type {CallOptions, ChatRequest, ModelInfo, ProviderCapabilities, PullProgress} from '../../core/providers/provider.js'
import type {Failure, ProviderError} from '../../core/providers/provider-error.js'
import {Watch} from '../../core/providers/watch.js'
import {type Asked, notOllama, OllamaFailure, refusal, refusesLevel, withOllamaHint} from './failures.js'
import {parseObject, readAnswer} from './read-answer.js'
import {AnswerReader, LayerTotals, type OllamaSettings, toModelInfo, toWireRequest, type WireModel} from './wire.js'

type About = Pick<Asked, 'model' | 'pulls'>

/** Models that Ollama runs. */
export class OllamaProvider extends BaseProvider {
  /** Models that take no level of thinking, only yes or no. */
  readonly #withoutLevels = new Set<string>()

  /** What Ollama can do; whether a model can, Ollama says when it is asked. */
  getCapabilities(): ProviderCapabilities {
    return {tools: true, reasoning: true, schema: true, images: true, documents: true}
  }

  async *pullModel(model: string, {signal}: CallOptions = {}): AsyncIterable<PullProgress> {
    // Ollama checks many gigabytes without a word, so only its first word is waited for with a limit.
    const watch = new Watch({...this.options, timeouts: {...this.options.timeouts, idle: 0}}, signal)
    try {
      const lines = this.#pull(model, watch.signal)
      const totals = new LayerTotals()
      for (;;) {
        const {done, value} = await watch.next(lines)
        if (done) return
        watch.moved()
        yield totals.add(value)
      }
    } catch (error) {
      throw withOllamaHint(this.toError(error, watch, model), this.#asked({model, pulls: true}))
    } finally {
      watch.close()
    }
  }

  protected async *respond(request: ChatRequest, signal: AbortSignal): AsyncIterable<AdapterEvent> {
    const {model} = request
    const body = toWireRequest(request, this.options.settings as OllamaSettings)
    if (typeof body.think === 'string' && this.#withoutLevels.has(model)) body.think = true
    const send = (sent: object) => this.#send('/api/chat', {model}, signal, sent)
    const response = await send(body).catch((error: unknown) => {
      if (!refusesLevel(error)) throw error
      this.#withoutLevels.add(model)
      return send({...body, think: true})
    })
    const reader = new AnswerReader()
    for await (const lines of readAnswer(response, this.#asked({model}))) {
      for (const line of lines) for (const event of reader.read(line as unknown as ChatResponse)) yield event
    }
  }

  protected async fetchModels(signal: AbortSignal): Promise<ModelInfo[]> {
    const response = await this.#send('/api/tags', {}, signal)
    const models = parseObject(await response.text())?.models as WireModel[] | undefined
    if (!Array.isArray(models)) throw notOllama(this.#asked({}), response.status)
    return models.map(toModelInfo)
  }

  protected override readFailure(error: unknown): Failure {
    return error instanceof OllamaFailure ? error.failure : super.readFailure(error)
  }

  protected override toError(error: unknown, watch?: Watch, model?: string): ProviderError {
    return withOllamaHint(super.toError(error, watch, model), this.#asked({model}))
  }

  protected override get endpoint(): string {
    return this.options.settings.base_url as string
  }

  #asked(about: About): Asked {
    return {id: this.options.id, endpoint: this.endpoint, ...about}
  }

  async *#pull(model: string, signal: AbortSignal): AsyncGenerator<ProgressResponse> {
    const about = {model, pulls: true}
    // Older servers call it name.
    const response = await this.#send('/api/pull', about, signal, {model, name: model, stream: true})
    for await (const lines of readAnswer(response, this.#asked(about))) yield* lines as Iterable<unknown> as Iterable<ProgressResponse>
  }

  /**
   * Sends a request. Not by the package `ollama`: it cannot end a request whose answer has not begun, loses the headers of a refusal (and with
   * them Retry-After), prints to stdout when a refusal is no JSON, passes over lines that it cannot read, and each line would be read twice.
   */
  async #send(path: string, about: About, signal: AbortSignal, body?: object): Promise<Response> {
    const {apiKey, fetch} = this.options
    const response = await fetch(this.endpoint.replace(/\/+$/, '') + path, {
      signal,
      headers: {'content-type': 'application/json', ...(apiKey && {authorization: `Bearer ${apiKey}`})},
      ...(body && {method: 'POST', body: JSON.stringify(body)}),
    })
    if (!response.ok) throw refusal(response.status, await response.text(), response.headers, this.#asked(about))
    return response
  }
}
