import {ChatCompletionsProvider} from '../../core/providers/chat-completions/chat-completions-provider.js'
import type {WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, ProviderCapabilities} from '../../core/providers/provider.js'
import type {Failure} from '../../core/providers/provider-error.js'
import {toQwenFailure} from './failures.js'
import {mostTokensOf, readsImages, takesSchemas} from './models.js'
import {toQwenRequest} from './wire.js'

/** Alibaba Cloud's chat completions. */
export class QwenProvider extends ChatCompletionsProvider {
  protected override capabilitiesOf(model: string): ProviderCapabilities {
    return {...this.getCapabilities(), schema: takesSchemas(model), images: readsImages(model)}
  }

  protected override maxTokensOf(model: string): number {
    return mostTokensOf(model) ?? super.maxTokensOf(model)
  }

  protected override toBody(request: ChatRequest): WireRequest {
    return toQwenRequest(request)
  }

  protected override readFailure(error: unknown): Failure {
    return toQwenFailure(super.readFailure(error))
  }
}
