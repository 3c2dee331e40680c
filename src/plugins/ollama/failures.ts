import {splitWorker} from '../../core/providers/model-name.js'
import {parseObject} from '../../core/providers/parse-object.js'
import {ProviderError, RequestFailure} from '../../core/providers/provider-error.js'

/** What Ollama was asked, for the words of an error. */
export interface Asked {
  /** Id of the provider. */
  id: string
  endpoint: string
  model?: string | undefined
  /** Whether the model is to be fetched, not used. */
  pulls?: boolean
}

// Anything may stand at an address: these are the answers to a missing key or a passing trouble, which a proxy gives in words of its own.
const NOT_OF_THE_ENDPOINT = new Set([401, 403, 408, 429])

/** The error for an answer with an error status. */
export function refusal(status: number, body: string, headers: Headers, asked: Asked): Error {
  const said = readErrorText(body)
  if (said !== undefined) return errorOf(said, asked, status, headers)
  // Ollama says nothing but this to a name that is not of the machine it runs on, such as that of a tunnel.
  if (status === 403 && body === '') {
    const hint = 'Set OLLAMA_HOST=0.0.0.0 where Ollama runs, or let the proxy before it send the header Host: localhost.'
    return new ProviderError('config', `${asked.id} accepts no requests for the host of ${asked.endpoint} (403)`, {code: 'HOST_REFUSED', hint})
  }
  if (status < 500 && !NOT_OF_THE_ENDPOINT.has(status)) return notOllama(asked, status)
  return new RequestFailure({status, message: /^\s*(<|$)/.test(body) ? 'it gives no reason' : body, headers})
}

/** The error for what Ollama says is wrong; by itself in a stream, where the status can no longer be told, it is what would have been a 500. */
export function errorOf(said: string, {model}: Asked, status = 500, headers?: Headers): Error {
  const lacking = /does not support (\w+)/.exec(said)?.[1]
  if (status === 400 && model !== undefined && lacking) {
    const hint = `Ask without ${lacking}, or see which models have it: https://ollama.com/search`
    return new ProviderError('usage', `the model ${model} does not support ${lacking}`, {code: 'CAPABILITY_MISSING', hint})
  }
  // A registry that lacks the model comes to light only in the stream.
  return new RequestFailure({status: said.includes('manifest: file does not exist') ? 404 : status, message: said, headers})
}

/** The error for an answer that is not Ollama's. */
export function notOllama({id, endpoint}: Asked, status = 200): ProviderError {
  const message = `${id}: what answers at ${endpoint} (${status}) is not Ollama`
  return new ProviderError('config', message, {code: 'ENDPOINT_WRONG', hint: `Check it: helix provider show ${id}`})
}

/** The error with the hint that helps those who use Ollama, where there is one. */
export function withOllamaHint(error: ProviderError, {id, model, pulls}: Asked): ProviderError {
  const {kind, message, code, retryable, retryAfterMs, cause} = error
  const hints: Record<string, string> = {
    PROVIDER_UNREACHABLE: `Start it with: ollama serve. If it runs elsewhere: helix config set providers.${splitWorker(id).provider}.base_url URL`,
    KEY_REFUSED: `Set another key: helix provider login ${id}. An Ollama of your own wants, for models in the cloud: ollama signin`,
    MODEL_UNKNOWN: pulls ? 'See what there is: https://ollama.com/search' : `Fetch it: helix model pull ${id}/${model}`,
  }
  const hint = hints[code]
  return hint ? new ProviderError(kind, message, {code, hint, retryable, retryAfterMs, cause}) : error
}

/** Whether Ollama refused a level of thinking because the model knows only on and off. */
export function refusesLevel(error: unknown): boolean {
  return error instanceof RequestFailure && error.failure.status === 400 && /think value .* is not supported/.test(error.message)
}

function readErrorText(body: string): string | undefined {
  const error = parseObject(body)?.error
  return typeof error === 'string' ? error : undefined
}
