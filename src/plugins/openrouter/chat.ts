import type {ClientOptions} from 'openai'
import type {AnswerReader} from '../../core/providers/chat-completions/answer-reader.js'
import {ChatCompletionsProvider} from '../../core/providers/chat-completions/chat-completions-provider.js'
import {isApiError, ServerFailure} from '../../core/providers/chat-completions/failures.js'
import type {WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, ModelInfo} from '../../core/providers/provider.js'
import type {Failure} from '../../core/providers/provider-error.js'
import {OpenRouterReader, toOpenRouterFailure, toOpenRouterRequest, withPrices} from './wire.js'

/** Models of many providers, by way of OpenRouter. */
export class OpenRouterProvider extends ChatCompletionsProvider {
  protected override toBody(request: ChatRequest): WireRequest {
    return toOpenRouterRequest(request)
  }

  protected override createReader(): AnswerReader {
    return new OpenRouterReader()
  }

  protected override clientOptions(): ClientOptions {
    // By this OpenRouter tells its users which programs ask.
    return {...super.clientOptions(), defaultHeaders: {'X-Title': 'Helix'}}
  }

  protected override readModels(body: string): ModelInfo[] | undefined {
    const models = super.readModels(body)
    if (!models) return undefined
    const list = JSON.parse(body)
    return withPrices(models, list.data ?? list)
  }

  protected override readFailure(error: unknown): Failure {
    const body = error instanceof ServerFailure ? error.body : isApiError(error) ? error.error : undefined
    return toOpenRouterFailure(super.readFailure(error), body)
  }
}
