import type {WireModel} from '../../core/providers/chat-completions/models.js'
import {toWireRequest, type WireDialect, type WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, ModelInfo} from '../../core/providers/provider.js'

const DIALECT: WireDialect = {
  // None of the providers behind the router reads PDFs.
  toPart: ({mediaType}, dataUrl) => (mediaType.startsWith('image/') ? {type: 'image_url', image_url: {url: dataUrl}} : undefined),
}

/** The body of a request: https://huggingface.co/docs/inference-providers/tasks/chat-completion */
export function toHuggingFaceRequest(request: ChatRequest): WireRequest {
  const body = toWireRequest(request, DIALECT)
  // These models cannot be kept from thinking.
  return body.reasoning_effort === 'none' && /\/gpt-oss-/i.test(request.model) ? {...body, reasoning_effort: 'low'} : body
}

/** A model of the router's list: https://huggingface.co/docs/inference-providers/hub-api */
export interface RoutedModel extends WireModel {
  providers?: {status?: string; context_length?: number}[]
}

/** The model with the longest context that is to be had; undefined where nobody serves it at the moment. */
export function toRoutedModel({providers}: RoutedModel, model: ModelInfo | undefined): ModelInfo | undefined {
  if (!model || !Array.isArray(providers)) return model
  const live = providers.filter(({status}) => status === 'live')
  const longest = Math.max(...live.map(({context_length = 0}) => context_length))
  return live.length === 0 ? undefined : {...model, ...(longest > 0 && {contextTokens: longest})}
}
