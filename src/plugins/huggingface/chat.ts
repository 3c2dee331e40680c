import type {ClientOptions} from 'openai'
import {AnswerReader} from '../../core/providers/chat-completions/answer-reader.js'
import {ChatCompletionsProvider} from '../../core/providers/chat-completions/chat-completions-provider.js'
import type {WireUsage} from '../../core/providers/chat-completions/usage.js'
import type {WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, ModelInfo, Usage} from '../../core/providers/provider.js'
import type {Failure} from '../../core/providers/provider-error.js'
import type {ProviderOptions} from '../../core/providers/provider-plugin.js'
import {readEstimates, withStatus} from './failures.js'
import {type RoutedModel, toHuggingFaceRequest, toRoutedModel} from './wire.js'

/** Seconds for which Hugging Face holds a request while the machine of an endpoint starts. */
const LONGEST_START = 600

/** The chat completions of Hugging Face's router, and of the servers that it runs for its users. */
export class HuggingFaceProvider extends ChatCompletionsProvider {
  constructor(options: ProviderOptions) {
    super({...options, fetch: readEstimates(options.fetch)})
  }

  protected override toBody(request: ChatRequest): WireRequest {
    return toHuggingFaceRequest(request)
  }

  protected override createReader(): AnswerReader {
    return new CostReader()
  }

  protected override clientOptions(): ClientOptions {
    const {settings, timeouts} = this.options
    const isEndpoint = /\.endpoints\.huggingface\.cloud$/.test(URL.parse(this.endpoint)?.hostname ?? '')
    return {
      ...super.clientOptions(),
      defaultHeaders: {
        ...(typeof settings.bill_to === 'string' && {'X-HF-Bill-To': settings.bill_to}),
        // An endpoint that sleeps is otherwise refused at once, with 503.
        ...(isEndpoint && {'X-Scale-Up-Timeout': String(Math.ceil(Math.min(timeouts.firstToken || LONGEST_START, LONGEST_START)))}),
      },
    }
  }

  protected override readModel(model: RoutedModel): ModelInfo | undefined {
    return toRoutedModel(model, super.readModel(model))
  }

  protected override readFailure(error: unknown): Failure {
    return withStatus(super.readFailure(error))
  }
}

/** Reads what an answer costs where the provider behind the router tells it. */
class CostReader extends AnswerReader {
  protected override toUsage(usage: WireUsage & {estimated_cost?: unknown}): Usage {
    const {estimated_cost: cost} = usage
    return {...super.toUsage(usage), ...(typeof cost === 'number' && {cost})}
  }
}
