import type {AnswerReader} from '../../core/providers/chat-completions/answer-reader.js'
import {ChatCompletionsProvider} from '../../core/providers/chat-completions/chat-completions-provider.js'
import {ThoughtKeeper} from '../../core/providers/chat-completions/thought-keeper.js'
import type {WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, ProviderCapabilities} from '../../core/providers/provider.js'
import {readsImages, toDeepSeekRequest} from './wire.js'

/** The most tokens that the models write in one answer: https://api-docs.deepseek.com/quick_start/pricing */
const MOST_TOKENS = 393_216

/** DeepSeek's chat completions. */
export class DeepSeekProvider extends ChatCompletionsProvider {
  override getCapabilities(): ProviderCapabilities {
    return {...super.getCapabilities(), schema: false}
  }

  protected override capabilitiesOf(model: string): ProviderCapabilities {
    return {...this.getCapabilities(), images: readsImages(model)}
  }

  protected override maxTokensOf(model: string): number {
    return /^deepseek-(flash|v4)/.test(model) ? MOST_TOKENS : super.maxTokensOf(model)
  }

  protected override toBody(request: ChatRequest): WireRequest {
    return toDeepSeekRequest(request)
  }

  protected override createReader(): AnswerReader {
    return new ThoughtKeeper()
  }
}
