import type OpenAI from 'openai'
import type {ClientOptions} from 'openai'
import type {AdapterEvent} from '../answer-assembler.js'
import {BaseProvider} from '../base-provider.js'
import {parseObject} from '../parse-object.js'
import type {ChatRequest, ModelInfo, ProviderCapabilities} from '../provider.js'
import {type Failure, streamCut} from '../provider-error.js'
import {readServerSentEvents, type ServerSentEvent} from '../server-sent-events.js'
import {AnswerReader, type WireChunk} from './answer-reader.js'
import {checkKey, isApiError, readOpenAIFailure, ServerFailure, wrongEndpoint} from './failures.js'
import {toModelInfo, toModels, type WireModel} from './models.js'
import {toWireRequest, type WireRequest} from './wire.js'

/** The longest time that a timer knows: the limits are Helix's own. */
const NEVER_MS = 2 ** 31 - 1

/** How a client reaches its server. */
interface Connection {
  baseURL: string
  fetch: typeof fetch
  maxRetries: number
  /** Milliseconds. */
  timeout: number
  logLevel: 'off'
  apiKey: string
  defaultHeaders: Record<string, null>
}

/** OpenAI's chat completions, as many a service has them. An adapter overrides in what its service departs from them. */
export class ChatCompletionsProvider extends BaseProvider {
  #client: Promise<OpenAI> | undefined

  /** What the protocol can carry; what a model cannot do, its server says. */
  getCapabilities(): ProviderCapabilities {
    return {tools: true, reasoning: true, schema: true, images: true, documents: true}
  }

  /** The body of a request. */
  protected toBody(request: ChatRequest): WireRequest {
    return toWireRequest(request)
  }

  /** A reader for one answer. */
  protected createReader(): AnswerReader {
    return new AnswerReader()
  }

  /** What the client is told beyond address, key and limits. */
  protected clientOptions(): ClientOptions {
    // By default the package tells every server what OPENAI_ORG_ID and OPENAI_PROJECT_ID say.
    return {organization: null, project: null}
  }

  /** Headers of one request, beyond those of the client. */
  protected headersFor(_body: WireRequest): Record<string, string> {
    return {}
  }

  /** Address, key and limits, as the packages of openai and of those who make theirs alike take them. Throws `denied` for what is no key. */
  protected connection(): Connection {
    const {apiKey, fetch, id} = this.options
    if (apiKey) checkKey(id, apiKey)
    return {
      baseURL: this.endpoint,
      fetch,
      maxRetries: 0,
      timeout: NEVER_MS,
      logLevel: 'off',
      // The packages insist on a key; a local server needs none.
      apiKey: apiKey || 'none',
      defaultHeaders: apiKey ? {} : {Authorization: null},
    }
  }

  /** Sends a request. Rejects with what the client throws, which `readFailure` has to understand. */
  protected async send(body: WireRequest, signal: AbortSignal): Promise<Response> {
    const client = await this.#open()
    return client.chat.completions.create(body, {signal, headers: this.headersFor(body)}).asResponse()
  }

  /** Asks for the list of models. Rejects as `send` does. */
  protected async sendForModels(signal: AbortSignal): Promise<Response> {
    const client = await this.#open()
    return client.models.list({signal}).asResponse()
  }

  /** A model of the server's list; undefined for one that cannot be asked. */
  protected readModel(model: WireModel): ModelInfo | undefined {
    return toModelInfo(model)
  }

  protected async *respond(request: ChatRequest, signal: AbortSignal): AsyncIterable<AdapterEvent> {
    const response = await this.send(this.toBody(request), signal)
    const reader = this.createReader()
    const type = response.headers.get('content-type') ?? ''
    if (type.includes('html')) throw wrongEndpoint(this.options.id, this.endpoint)
    if (type.includes('json')) {
      yield* reader.read(this.#checkAnswer(await response.text()))
    } else {
      try {
        // The package's own stream takes a turn for each chunk; this takes one for all that arrive together.
        for await (const chunks of readToDone(response)) {
          for (const chunk of chunks) for (const event of reader.read(parseChunk(chunk))) yield event
        }
      } catch (error) {
        // What is lost after the finish is no part of the answer.
        if (!reader.isComplete) throw this.#toStreamError(error)
      }
    }
    yield* reader.end()
  }

  protected async fetchModels(signal: AbortSignal): Promise<ModelInfo[]> {
    const models = toModels(await (await this.sendForModels(signal)).text(), (model) => this.readModel(model))
    if (!models) throw wrongEndpoint(this.options.id, this.endpoint)
    return models
  }

  protected override readFailure(error: unknown): Failure {
    return readOpenAIFailure(error)
  }

  protected override get endpoint(): string {
    return String(this.options.settings.base_url)
  }

  // A whole answer, which is what servers send that cannot stream.
  #checkAnswer(text: string): WireChunk {
    const answer = parseObject(text)
    if (!answer && text.trimStart().startsWith('{')) throw streamCut(this.options.id, false)
    if (answer?.error) {
      const failure = new ServerFailure(answer.error)
      throw /unexpected endpoint/i.test(failure.message) ? wrongEndpoint(this.options.id, this.endpoint) : failure
    }
    if (!Array.isArray(answer?.choices)) throw wrongEndpoint(this.options.id, this.endpoint)
    return answer as WireChunk
  }

  // A stream that breaks throws what its sockets and parsers make of that; what its server has said is an error of its own.
  #toStreamError(error: unknown): unknown {
    return error instanceof ServerFailure || isApiError(error) ? error : streamCut(this.options.id, false, error)
  }

  #open(): Promise<OpenAI> {
    this.#client ??= this.#connect()
    return this.#client
  }

  async #connect(): Promise<OpenAI> {
    const {defaultHeaders, ...connection} = this.connection()
    const {OpenAI} = await import('openai')
    const {defaultHeaders: further, ...options} = this.clientOptions()
    return new OpenAI({...options, ...connection, defaultHeaders: {...further, ...defaultHeaders}})
  }
}

/** The events of a stream up to its `[DONE]`. */
async function* readToDone({body}: Response): AsyncGenerator<ServerSentEvent[]> {
  for await (const events of readServerSentEvents(body)) {
    const end = events.findIndex(({data}) => data.startsWith('[DONE]'))
    yield end < 0 ? events : events.slice(0, end)
    if (end >= 0) return
  }
}

function parseChunk({event, data}: ServerSentEvent): WireChunk {
  const chunk = JSON.parse(data) as WireChunk & {error?: unknown}
  const error = chunk.error || (event === 'error' && chunk)
  if (error) throw new ServerFailure(error)
  return chunk
}
