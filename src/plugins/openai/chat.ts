import type {ClientOptions} from 'openai'
import {ChatCompletionsProvider} from '../../core/providers/chat-completions/chat-completions-provider.js'
import type {WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest} from '../../core/providers/provider.js'
import {isOpenAI} from './endpoint.js'
import {mostTokensOf} from './limits.js'
import {toOpenAIRequest} from './wire.js'

/** OpenAI's chat completions, wherever they are spoken. */
export class OpenAIProvider extends ChatCompletionsProvider {
  protected override toBody(request: ChatRequest): WireRequest {
    return toOpenAIRequest(request, this.endpoint)
  }

  protected override maxTokensOf(model: string): number {
    return (isOpenAI(this.endpoint) && mostTokensOf(model)) || super.maxTokensOf(model)
  }

  protected override clientOptions(): ClientOptions {
    return isOpenAI(this.endpoint) ? {} : super.clientOptions()
  }
}
