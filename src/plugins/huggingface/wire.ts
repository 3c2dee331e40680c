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

interface ListedModel {
  id: string
  providers?: {status?: string; context_length?: number}[]
}

/** The models of the router's list that a provider serves at the moment, each with the longest context that is to be had. */
export function readRoutedModels(body: string, models: readonly ModelInfo[]): ModelInfo[] {
  const list: {data?: ListedModel[]} | ListedModel[] = JSON.parse(body)
  const listed = new Map((Array.isArray(list) ? list : (list.data ?? [])).map((model) => [model.id, model]))
  return models.flatMap((model) => {
    const providers = listed.get(model.id)?.providers
    if (!Array.isArray(providers)) return [model]
    const live = providers.filter(({status}) => status === 'live')
    const longest = Math.max(...live.map(({context_length = 0}) => context_length))
    return live.length === 0 ? [] : [{...model, ...(longest > 0 && {contextTokens: longest})}]
  })
}
