import {messageOf} from '../../core/errors/helix-error.js'
import type {AdapterEvent} from '../../core/providers/answer-assembler.js'
import {BaseProvider} from '../../core/providers/base-provider.js'
import type {CallOptions, ChatRequest, ModelInfo, ProviderCapabilities} from '../../core/providers/provider.js'
import {ProviderError} from '../../core/providers/provider-error.js'
import type {ProviderOptions} from '../../core/providers/provider-plugin.js'
import {answer} from './answer.js'
import {Engine} from './engine.js'
import {EventQueue} from './event-queue.js'
import {listModelFiles} from './model-file.js'

/** Models that run in this process. One is in memory at a time, and answers one request after the other. */
export class LlamaCppProvider extends BaseProvider {
  readonly #engine: Engine
  readonly #closing = new AbortController()
  #turn: Promise<void> = Promise.resolve()

  constructor(options: ProviderOptions) {
    super(options)
    this.#engine = new Engine(options)
  }

  getCapabilities(): ProviderCapabilities {
    return {tools: true, reasoning: true, schema: true, images: false, documents: false}
  }

  override async validateConfig(options?: CallOptions): Promise<void> {
    const {models_folder} = this.#engine.settings
    if (models_folder !== undefined) await this.listModels(options)
    await this.#engine.start()
  }

  override async close(): Promise<void> {
    this.#closing.abort(new ProviderError('interrupted', `${this.options.id}: closed`, {code: 'CANCELLED'}))
    await this.#turn
    await this.#engine.unload()
  }

  protected fetchModels(): Promise<ModelInfo[]> {
    return listModelFiles(this.options.id, this.#engine.settings.models_folder)
  }

  // The model goes on while nobody reads, so that a slow reader holds up nobody else.
  protected respond(request: ChatRequest, callSignal: AbortSignal): AsyncIterable<AdapterEvent> {
    const signal = AbortSignal.any([callSignal, this.#closing.signal])
    const queue = new EventQueue<AdapterEvent>()
    const answered = this.#turn.then(() => this.#answer(request, signal, (event) => queue.push(event)))
    this.#turn = answered.catch(() => {})
    return queue.until(answered)
  }

  async #answer(request: ChatRequest, signal: AbortSignal, write: (event: AdapterEvent) => void): Promise<void> {
    try {
      signal.throwIfAborted()
      await answer(await this.#engine.load(request.model, signal), request, signal, write)
    } catch (error) {
      await this.#engine.forget()
      throw error instanceof ProviderError ? error : this.#failure(request.model, error)
    }
  }

  #failure(model: string, cause: unknown): ProviderError {
    return new ProviderError('unavailable', `${this.options.id}: ${model} did not answer: ${messageOf(cause)}`, {code: 'MODEL_FAILED', cause})
  }
}
