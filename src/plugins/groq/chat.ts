import type Groq from 'groq-sdk'
import type {AnswerReader} from '../../core/providers/chat-completions/answer-reader.js'
import {ChatCompletionsProvider} from '../../core/providers/chat-completions/chat-completions-provider.js'
import {ThoughtKeeper} from '../../core/providers/chat-completions/thought-keeper.js'
import type {WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, ProviderCapabilities} from '../../core/providers/provider.js'
import type {Failure} from '../../core/providers/provider-error.js'
import {capabilitiesOf, toGroqFailure, toGroqRequest} from './wire.js'

/** Groq's chat completions, by its own package. */
export class GroqProvider extends ChatCompletionsProvider {
  #groq: Promise<Groq> | undefined

  protected override capabilitiesOf(model: string): ProviderCapabilities {
    return {...this.getCapabilities(), ...capabilitiesOf(model)}
  }

  // Beside tools Groq takes no schema.
  protected override takesSchema({model, tools}: ChatRequest): boolean {
    return tools.length === 0 && this.capabilitiesOf(model).schema
  }

  protected override toBody(request: ChatRequest): WireRequest {
    return toGroqRequest(request)
  }

  protected override createReader(): AnswerReader {
    return new ThoughtKeeper('reasoning')
  }

  // By path, since the package puts a part of the address into the path that belongs to `base_url` here.
  protected override async send(body: WireRequest, signal: AbortSignal): Promise<Response> {
    const client = await this.#open()
    return client.post('/chat/completions', {body, signal, stream: true}).asResponse()
  }

  protected override async sendForModels(signal: AbortSignal): Promise<Response> {
    const client = await this.#open()
    return client.get('/models', {signal}).asResponse()
  }

  protected override readFailure(error: unknown): Failure {
    return toGroqFailure(super.readFailure(error))
  }

  #open(): Promise<Groq> {
    this.#groq ??= this.#connect()
    return this.#groq
  }

  async #connect(): Promise<Groq> {
    const connection = this.connection()
    const {Groq} = await import('groq-sdk')
    return new Groq(connection)
  }
}
