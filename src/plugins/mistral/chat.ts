import {ChatCompletionsProvider} from '../../core/providers/chat-completions/chat-completions-provider.js'
import type {WireModel} from '../../core/providers/chat-completions/models.js'
import type {WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, ModelInfo, ProviderCapabilities} from '../../core/providers/provider.js'
import type {Failure} from '../../core/providers/provider-error.js'
import {mostTokensOf, takesImages} from './models.js'
import {toMistralRequest} from './wire.js'

/** Mistral AI's chat completions. */
export class MistralProvider extends ChatCompletionsProvider {
  protected override toBody(request: ChatRequest): WireRequest {
    return toMistralRequest(request)
  }

  protected override capabilitiesOf(model: string): ProviderCapabilities {
    return {...this.getCapabilities(), images: takesImages(model)}
  }

  protected override maxTokensOf(model: string): number {
    return mostTokensOf(model) ?? super.maxTokensOf(model)
  }

  protected override readModel(model: WireModel & {capabilities?: {completion_chat?: boolean} | null}): ModelInfo | undefined {
    return model.capabilities?.completion_chat === false ? undefined : super.readModel(model)
  }

  protected override readFailure(error: unknown): Failure {
    const failure = super.readFailure(error)
    // A model that there is not is a request that is wrong, to Mistral.
    return /invalid_model/.test(failure.code ?? '') ? {...failure, status: 404} : failure
  }
}
