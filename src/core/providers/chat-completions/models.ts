import type {ModelInfo} from '../provider.js'

/** A model as servers list it. */
export interface WireModel {
  id: string
  /** Tokens of prompt and answer, in the words of OpenRouter, Groq, vLLM, Mistral and llama-server. */
  context_length?: unknown
  context_window?: unknown
  max_model_len?: unknown
  max_context_length?: unknown
  meta?: {n_ctx?: unknown; n_ctx_train?: unknown; size?: unknown} | null
}

/** The models that the body of an answer lists, as `read` understands each; undefined where it is no such list. */
export function toModels(body: string, read: (model: WireModel) => ModelInfo | undefined): ModelInfo[] | undefined {
  const models = readList(body)
  if (!models?.every(isModel)) return undefined
  return models.flatMap((model) => read(model) ?? [])
}

/** A model of a list, in whichever words its server has. */
export function toModelInfo({id, context_length, context_window, max_model_len, max_context_length, meta}: WireModel): ModelInfo {
  const sizes = [context_length, context_window, max_model_len, max_context_length, meta?.n_ctx, meta?.n_ctx_train]
  const contextTokens = sizes.find((size) => typeof size === 'number')
  return {id, ...(contextTokens !== undefined && {contextTokens}), ...(typeof meta?.size === 'number' && {sizeBytes: meta.size})}
}

function isModel(value: unknown): value is WireModel {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string'
}

function readList(body: string): unknown[] | undefined {
  try {
    const list = JSON.parse(body)
    const models = Array.isArray(list) ? list : list?.data
    return Array.isArray(models) ? models : undefined
  } catch {
    return undefined
  }
}
