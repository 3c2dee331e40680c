import {HelixError} from '../errors/helix-error.js'

/** Splits `provider/model` at the first slash. Throws `usage` for anything else. */
export function splitModel(name: string): {provider: string; model: string} {
  const at = name.indexOf('/')
  if (at > 0 && at < name.length - 1) return {provider: name.slice(0, at), model: name.slice(at + 1)}
  throw new HelixError('usage', `a model is written as provider/model, and ${JSON.stringify(name)} is not`, {
    code: 'MODEL_INVALID',
    hint: 'For example openai/gpt-5 or llamacpp//models/small.gguf; see the providers with: helix provider list',
  })
}

/** Splits `provider@worker`, a provider as a worker of the pool sees it. Throws `usage` where one of the two is missing. */
export function splitWorker(id: string): {provider: string; worker?: string} {
  const at = id.indexOf('@')
  if (at < 0) return {provider: id}
  if (at > 0 && at < id.length - 1) return {provider: id.slice(0, at), worker: id.slice(at + 1)}
  throw new HelixError('usage', `${JSON.stringify(id)} is not a provider, nor one on a worker`, {
    code: 'PROVIDER_UNKNOWN',
    hint: 'One on a worker is written provider@worker, for example ollama@gpu-1.',
  })
}
