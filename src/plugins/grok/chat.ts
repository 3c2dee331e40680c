import type {AnswerReader} from '../../core/providers/chat-completions/answer-reader.js'
import {ChatCompletionsProvider} from '../../core/providers/chat-completions/chat-completions-provider.js'
import type {WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, ProviderCapabilities} from '../../core/providers/provider.js'
import type {Failure} from '../../core/providers/provider-error.js'
import {toGrokFailure} from './failures.js'
import {conversationOf, GrokReader, readsImages, toGrokRequest} from './wire.js'

/** xAI's chat completions. */
export class GrokProvider extends ChatCompletionsProvider {
  protected override capabilitiesOf(model: string): ProviderCapabilities {
    return {...this.getCapabilities(), images: readsImages(model)}
  }

  protected override toBody(request: ChatRequest): WireRequest {
    return toGrokRequest(request)
  }

  protected override headersFor(body: WireRequest): Record<string, string> {
    return {'x-grok-conv-id': conversationOf(body)}
  }

  protected override createReader(): AnswerReader {
    return new GrokReader()
  }

  protected override readFailure(error: unknown): Failure {
    return toGrokFailure(super.readFailure(error))
  }
}
