import {HelixError, messageOf} from '../errors/helix-error.js'
import {redact} from '../security/redact.js'
import {adoptMessages} from './adopt-messages.js'
import {AnswerAssembler, type Arrival, eventsOf} from './answer-assembler.js'
import {checkRequest} from './check-request.js'
import {collectResponse} from './collect-response.js'
import type {
  CallOptions,
  ChatRequest,
  GenerationRequest,
  GenerationResponse,
  LLMProvider,
  ModelInfo,
  ProviderCapabilities,
  ProviderEvent,
  ReasoningRequest,
  ToolGenerationRequest,
} from './provider.js'
import {type Failure, ProviderError, type ProviderErrorOptions, RequestFailure, streamCut, toProviderError} from './provider-error.js'
import type {ProviderOptions} from './provider-plugin.js'
import {askInWords, takeOutOfFence} from './schema-in-words.js'
import {Watch} from './watch.js'

const FIRST_BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 30_000
/** A provider that asks for a longer wait than this is not waited for. */
const LONGEST_WAIT_MS = 60_000
/** Codes of errors by which a connection ends. */
const LOST = new Set(['PROVIDER_UNREACHABLE', 'CONNECTION_LOST'])
/** Where a model's own limit is not known. */
const MOST_TOKENS = 32_000

interface FailedAttempt {
  /** Counted from 0. */
  attempt: number
  /** Something of the answer has come. */
  hasContent: boolean
  signal: AbortSignal | undefined
  /** When the call must be over, in milliseconds since 1970. */
  total: number
}

/**
 * All that providers have in common: checks, retries, timeouts, cancellation and the assembly of answers. An adapter writes
 * `respond`, `fetchModels` and `getCapabilities`, and `readFailure` where its errors are of a shape of their own.
 */
export abstract class BaseProvider implements LLMProvider {
  protected readonly options: ProviderOptions

  constructor(options: ProviderOptions) {
    this.options = options
  }

  /**
   * The one primitive: sends a request and yields what comes back, the finish last. May throw whatever its client throws, and
   * is then called again if that may help and nothing of the answer has come. Stops when the signal is aborted.
   */
  protected abstract respond(request: ChatRequest, signal: AbortSignal): AsyncIterable<Arrival>

  /** What can be known of an error. Adapters whose client throws errors of its own read those. */
  protected readFailure(error: unknown): Failure {
    return error instanceof RequestFailure ? error.failure : {message: messageOf(error), cause: error}
  }

  /** The most tokens that a model writes in one answer, for adapters that know it. */
  protected maxTokensOf(_model: string): number {
    return this.options.maxTokens ?? MOST_TOKENS
  }

  /** Address of the API, for the message of an error. */
  protected get endpoint(): string | undefined {
    return undefined
  }

  /** What a model takes, for adapters that know more than the provider's `getCapabilities`. */
  protected capabilitiesOf(_model: string): ProviderCapabilities {
    return this.getCapabilities()
  }

  /** Whether the schema of this request goes to the model by the provider's own means; where not, it is put in words. */
  protected takesSchema({model}: ChatRequest): boolean {
    return this.capabilitiesOf(model).schema
  }

  /** The models that can be asked. Throws as `respond` does; is not called again. */
  protected abstract fetchModels(signal: AbortSignal): Promise<ModelInfo[]>

  /** What the provider can carry; what a model cannot do, the provider says when it is asked. */
  abstract getCapabilities(): ProviderCapabilities

  stream(request: GenerationRequest, options: CallOptions = {}): AsyncIterable<ProviderEvent> {
    return this.#answer({...request, tools: [], toolChoice: 'none'}, options)
  }

  streamWithTools(request: ToolGenerationRequest, options: CallOptions = {}): AsyncIterable<ProviderEvent> {
    return this.#answer({...request, toolChoice: request.toolChoice ?? 'auto'}, options)
  }

  generate(request: GenerationRequest, options?: CallOptions): Promise<GenerationResponse> {
    return collectResponse(this.stream(request, options), this.#origin(request.model))
  }

  generateWithTools(request: ToolGenerationRequest, options?: CallOptions): Promise<GenerationResponse> {
    return collectResponse(this.streamWithTools(request, options), this.#origin(request.model))
  }

  generateWithReasoning({prompt, tools, ...request}: ReasoningRequest, options?: CallOptions): Promise<GenerationResponse> {
    const messages = [{role: 'user' as const, content: prompt}]
    return tools?.length ? this.generateWithTools({...request, messages, tools}, options) : this.generate({...request, messages}, options)
  }

  async listModels({signal}: CallOptions = {}): Promise<ModelInfo[]> {
    const watch = new Watch(this.options, signal)
    try {
      return await watch.during(this.fetchModels(watch.signal))
    } catch (error) {
      throw this.toError(error, watch)
    } finally {
      watch.close()
    }
  }

  async validateConfig(options?: CallOptions): Promise<void> {
    await this.listModels(options)
  }

  async close(): Promise<void> {}

  // One generator and no more: each further one would cost every piece of an answer a turn.
  async *#answer(asked: ChatRequest, {signal}: CallOptions): AsyncGenerator<ProviderEvent> {
    const total = this.options.clock.now() + (this.options.timeouts.total || Number.POSITIVE_INFINITY) * 1000
    const request = await this.#check(asked)
    if (request instanceof HelixError) {
      yield {type: 'error', error: request}
      return
    }
    for (let attempt = 0; ; attempt++) {
      const watch = new Watch(this.options, signal, total)
      const assembler = new AnswerAssembler(request)
      const events = this.#begin(request, watch.signal)
      try {
        while (!assembler.isComplete) {
          const {done, value} = await watch.next(events)
          if (done) throw streamCut(this.options.id, assembler.hasContent)
          for (const event of assemble(value, assembler, watch)) yield event
        }
        return
      } catch (thrown) {
        watch.close()
        const failure = this.#toFailure(thrown, watch, assembler, request.model)
        const error = await this.#waitToRetry(failure, {attempt, hasContent: assembler.hasContent, signal, total})
        if (!error) continue
        yield {type: 'error', error}
        return
      } finally {
        watch.close()
        // An adapter that hangs must not hold up whoever has stopped listening.
        events.return?.().catch(() => {})
      }
    }
  }

  #begin(request: ChatRequest, signal: AbortSignal): AsyncIterator<Arrival> {
    const answer = this.respond(request, signal)
    return (request.json ? takeOutOfFence(answer) : answer)[Symbol.asyncIterator]()
  }

  async #check({affordableTokens = Number.POSITIVE_INFINITY, ...asked}: ChatRequest): Promise<ChatRequest | HelixError> {
    const {model} = asked
    const most = this.maxTokensOf(model)
    const request = affordableTokens < most ? {...asked, maxTokens: asked.maxTokens ?? affordableTokens} : asked
    const capabilities = this.capabilitiesOf(model)
    try {
      await checkRequest(request, {capabilities, provider: this.options.id, maxTokens: most})
    } catch (error) {
      return HelixError.is(error) ? error : this.toError(error)
    }
    const messages = adoptMessages(request.messages, this.#origin(model))
    return request.schema && !this.takesSchema(request) ? askInWords({...request, messages}, request.schema) : {...request, messages}
  }

  #origin(model: string): string {
    return `${this.options.id}/${model}`
  }

  /** Waits until it is time for another attempt; resolves to what ends the call instead, if anything does. */
  async #waitToRetry(failure: ProviderError, {attempt, hasContent, signal, total}: FailedAttempt): Promise<ProviderError | undefined> {
    const {retries, clock, timeouts, onRetry} = this.options
    const waitMs = failure.retryAfterMs ?? backoffMs(attempt)
    if (hasContent || !failure.retryable || attempt >= retries) return failure
    if (waitMs > LONGEST_WAIT_MS) return tooLong(failure, waitMs)
    if (clock.now() + waitMs > total) return failure
    onRetry?.(failure, waitMs)
    // No first token is due before the next attempt.
    const watch = new Watch({...this.options, timeouts: {...timeouts, firstToken: 0}}, signal, total)
    return watch
      .during(clock.sleep(waitMs, watch.signal))
      .then(() => undefined)
      .catch((interruption: unknown) => this.toError(interruption, watch))
      .finally(() => watch.close())
  }

  // What has begun to answer can be reached: a connection that is lost from then on is a cut.
  #toFailure(error: unknown, watch: Watch, {hasContent}: AnswerAssembler, model: string): ProviderError {
    const failure = this.toError(error, watch, model)
    return hasContent && LOST.has(failure.code) ? streamCut(this.options.id, true, failure.cause) : failure
  }

  /** What was thrown as the error that the user gets to see, without the API key. */
  protected toError(thrown: unknown, watch?: Watch, model?: string): ProviderError {
    const {id, apiKey, clock} = this.options
    const secrets = apiKey ? [apiKey] : []
    const error = watch?.reason ?? thrown
    if (HelixError.is(error)) return withoutSecrets(error, secrets)
    const failure = this.readFailure(error)
    const message = redact(failure.message, secrets)
    return toProviderError({...failure, message}, {provider: id, endpoint: this.endpoint && redact(this.endpoint), model, now: clock.now()})
  }
}

/** The events that an arrival makes, up to the last of the answer, or to where the call was ended. */
function* assemble(arrival: Arrival, assembler: AnswerAssembler, watch: Watch): Generator<ProviderEvent | Promise<ProviderEvent>> {
  for (const arrived of eventsOf(arrival)) {
    if (watch.reason || assembler.isComplete) return
    const event = assembler.add(arrived)
    if (!event) continue
    watch.moved()
    yield event
  }
}

// Also what an adapter says in its own words may repeat what its server said.
function withoutSecrets(error: HelixError & Partial<ProviderError>, secrets: readonly string[]): ProviderError {
  const {kind, message, ...options} = {...error, message: redact(error.message, secrets), cause: error.cause}
  return error instanceof ProviderError && message === error.message ? error : new ProviderError(kind, message, options as ProviderErrorOptions)
}

function backoffMs(attempt: number): number {
  return Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt) * (0.5 + Math.random() / 2)
}

function tooLong(failure: ProviderError, waitMs: number): ProviderError {
  const {code, hint, cause} = failure
  const message = `${failure.message}; it asks to wait ${Math.ceil(waitMs / 1000)} s`
  return new ProviderError('busy', message, {code, cause, ...(hint !== undefined && {hint})})
}
