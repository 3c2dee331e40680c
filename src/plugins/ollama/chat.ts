import type {Ollama} from 'ollama/browser'
import type {Arrival} from '../../core/providers/answer-assembler.js'
import {BaseProvider} from '../../core/providers/base-provider.js'
import type {CallOptions, ChatRequest, ModelInfo, ProviderCapabilities, PullProgress} from '../../core/providers/provider.js'
import type {ProviderError} from '../../core/providers/provider-error.js'
import {Watch} from '../../core/providers/watch.js'
import {checkedFetch} from './checked-fetch.js'
import {type Asked, notOllama, refusal, refusesLevel, withOllamaHint} from './failures.js'
import {readAnswer} from './read-answer.js'
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
      const client = await this.#client({model, pulls: true}, watch.signal, true)
      const lines = (await watch.during(client.pull({model, stream: true})))[Symbol.asyncIterator]()
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

  protected async *respond(request: ChatRequest, signal: AbortSignal): AsyncIterable<Arrival> {
    const {model} = request
    const body = toWireRequest(request, this.options.settings as OllamaSettings)
    if (typeof body.think === 'string' && this.#withoutLevels.has(model)) body.think = true
    const response = await this.#send(body, model, signal).catch((error: unknown) => {
      if (!refusesLevel(error)) throw error
      this.#withoutLevels.add(model)
      return this.#send({...body, think: true}, model, signal)
    })
    const reader = new AnswerReader()
    for await (const lines of readAnswer(response, this.#asked({model}))) yield reader.read(lines)
  }

  protected async fetchModels(signal: AbortSignal): Promise<ModelInfo[]> {
    const client = await this.#client({}, signal, false)
    const {models} = (await client.list()) as unknown as {models?: WireModel[]}
    if (!Array.isArray(models)) throw notOllama(this.#asked({}))
    return models.map(toModelInfo)
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

  /** A client for one call. */
  async #client(about: About, signal: AbortSignal, streams: boolean): Promise<Ollama> {
    // Not the main entry: that one takes a text that happens to be the name of a file for the file.
    const {Ollama} = await import('ollama/browser')
    const {apiKey, fetch} = this.options
    return new Ollama({
      host: this.endpoint,
      fetch: checkedFetch({asked: this.#asked(about), fetch, signal, streams}),
      ...(apiKey && {headers: {Authorization: `Bearer ${apiKey}`}}),
    })
  }

  // Past the package, for which each line of an answer would have to be read, checked, written again and read a second time.
  async #send(body: object, model: string, signal: AbortSignal): Promise<Response> {
    const {apiKey, fetch} = this.options
    const response = await fetch(`${this.endpoint}/api/chat`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal,
      headers: {'content-type': 'application/json', ...(apiKey && {authorization: `Bearer ${apiKey}`})},
    })
    if (!response.ok) throw refusal(response.status, await response.text(), response.headers, this.#asked({model}))
    return response
  }
}
