import type OpenAI from 'openai'
import type {AdapterEvent} from '../../core/providers/answer-assembler.js'
import {BaseProvider} from '../../core/providers/base-provider.js'
import type {ChatRequest, ModelInfo, ProviderCapabilities} from '../../core/providers/provider.js'
import {type Failure, streamCut} from '../../core/providers/provider-error.js'
import {AnswerReader, type WireChunk} from './answer-reader.js'
import {isOpenAI, OPENAI_URL} from './endpoint.js'
import {checkKey, isApiError, readOpenAIFailure, ServerFailure, wrongEndpoint} from './failures.js'
import {mostTokensOf, toModels} from './models.js'
import {toWireRequest} from './wire.js'

/** The longest time that a timer knows: the limits are Helix's own. */
const NEVER_MS = 2 ** 31 - 1

/** OpenAI's chat completions, wherever they are spoken. */
export class OpenAIProvider extends BaseProvider {
  #client: Promise<OpenAI> | undefined

  /** What the protocol can carry; what a model cannot do, its server says. */
  getCapabilities(): ProviderCapabilities {
    return {tools: true, reasoning: true, schema: true, images: true, documents: true}
  }

  protected async *respond(request: ChatRequest, signal: AbortSignal): AsyncIterable<AdapterEvent> {
    const body = toWireRequest(request, this.endpoint)
    const client = await this.#open()
    const {data, response} = await client.chat.completions.create(body, {signal}).withResponse()
    const reader = new AnswerReader(this.endpoint)
    const type = response.headers.get('content-type') ?? ''
    if (type.includes('html')) throw wrongEndpoint(this.options.id, this.endpoint)
    if (type.includes('json')) {
      yield* reader.read(this.#checkAnswer(await response.text()))
    } else {
      try {
        for await (const chunk of data) for (const event of reader.read(chunk as WireChunk)) yield event
      } catch (error) {
        // What is lost after the finish is no part of the answer.
        if (!reader.isComplete) throw this.#toStreamError(error)
      }
    }
    yield* reader.end()
  }

  protected async fetchModels(signal: AbortSignal): Promise<ModelInfo[]> {
    const client = await this.#open()
    const response = await client.models.list({signal}).asResponse()
    const models = toModels(await response.text())
    if (!models) throw wrongEndpoint(this.options.id, this.endpoint)
    return models
  }

  protected override maxTokensOf(model: string): number {
    return (isOpenAI(this.endpoint) && mostTokensOf(model)) || super.maxTokensOf(model)
  }

  protected override readFailure(error: unknown): Failure {
    return readOpenAIFailure(error)
  }

  protected override get endpoint(): string {
    return String(this.options.settings.base_url ?? OPENAI_URL)
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
    return answer
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
    const {apiKey, fetch, id} = this.options
    if (apiKey) checkKey(id, apiKey)
    const {OpenAI} = await import('openai')
    return new OpenAI({
      baseURL: this.endpoint,
      fetch,
      maxRetries: 0,
      timeout: NEVER_MS,
      logLevel: 'off',
      // The package insists on a key; a local server needs none.
      apiKey: apiKey || 'none',
      ...(!apiKey && {defaultHeaders: {Authorization: null}}),
      // By default the package tells every server what OPENAI_ORG_ID and OPENAI_PROJECT_ID say.
      ...(!isOpenAI(this.endpoint) && {organization: null, project: null}),
    })
  }
}

function parseObject(text: string): (WireChunk & {error?: unknown}) | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
