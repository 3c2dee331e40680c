import type {ModelInfo} from '../../core/providers/provider.js'

interface WireModel {
  /** With `models/` in front. */
  name: string
  inputTokenLimit?: number
  supportedGenerationMethods?: string[]
}

/** A part of the list of models. */
export interface ModelPage {
  models: ModelInfo[]
  /** Empty on the last one. */
  nextPageToken: string
}

/** The models of an answer that can be talked to; undefined where it is no such list. */
export function toModelPage(body: string): ModelPage | undefined {
  const page = readPage(body)
  if (!page?.models.every(isModel)) return undefined
  const talking = page.models.filter(({supportedGenerationMethods: methods}) => !methods || methods.includes('generateContent'))
  return {
    nextPageToken: page.nextPageToken ?? '',
    models: talking.map(({name, inputTokenLimit}) => ({
      id: name.replace(/^models\//, ''),
      ...(inputTokenLimit !== undefined && {contextTokens: inputTokenLimit}),
    })),
  }
}

function isModel(value: unknown): value is WireModel {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
}

function readPage(body: string): {models: WireModel[]; nextPageToken?: string} | undefined {
  try {
    const page = JSON.parse(body)
    return Array.isArray(page?.models) ? page : undefined
  } catch {
    return undefined
  }
}
