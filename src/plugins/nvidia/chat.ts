import {AnswerReader} from '../../core/providers/chat-completions/answer-reader.js'
import {ChatCompletionsProvider} from '../../core/providers/chat-completions/chat-completions-provider.js'
import {isApiError} from '../../core/providers/chat-completions/failures.js'
import type {WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, ProviderCapabilities} from '../../core/providers/provider.js'
import type {Failure} from '../../core/providers/provider-error.js'
import {withStatus} from './failures.js'
import {takesImages} from './models.js'
import {toGuidedRequest, toNvidiaRequest} from './wire.js'

/** The chat completions of NVIDIA's hosted models and of NIM containers. */
export class NvidiaProvider extends ChatCompletionsProvider {
  /** Models whose server knows a schema only by NVIDIA's own word for it. */
  readonly #guided = new Set<string>()

  protected override toBody(request: ChatRequest): WireRequest {
    return toNvidiaRequest(request)
  }

  protected override createReader(): AnswerReader {
    return new NvidiaReader()
  }

  protected override capabilitiesOf(model: string): ProviderCapabilities {
    return {...this.getCapabilities(), images: takesImages(model)}
  }

  protected override async send(body: WireRequest, signal: AbortSignal): Promise<Response> {
    const guided = toGuidedRequest(body)
    if (!guided) return super.send(body, signal)
    if (this.#guided.has(body.model)) return super.send(guided, signal)
    return super.send(body, signal).catch((error: unknown) => {
      if (!refusesSchema(error)) throw error
      this.#guided.add(body.model)
      return super.send(guided, signal)
    })
  }

  protected override readFailure(error: unknown): Failure {
    return withStatus(super.readFailure(error), this.endpoint)
  }
}

/** Reads thoughts that go back with a tool's result, in whichever of the two fields the server has them. */
class NvidiaReader extends AnswerReader {
  protected override returnsThoughtsIn(): boolean {
    return true
  }
}

// Containers before 2.0 may know nothing of OpenAI's way.
function refusesSchema(error: unknown): boolean {
  return isApiError(error) && (error.status === 400 || error.status === 422) && /response_format|json_schema/.test(JSON.stringify(error.error) + error.message)
}
