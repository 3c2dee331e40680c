import {type Failure, ProviderError, titleOfPage} from '../provider-error.js'

/** What a server said in place of an answer, or in the middle of one, where there is no status to tell. */
export class ServerFailure extends Error {
  readonly body: unknown

  constructor(body: unknown) {
    super(saidIn(body))
    this.body = body
  }
}

/** What the packages `openai` and `groq-sdk` throw for an answer with an error status, and for an error in mid-stream (then without status). */
interface ApiError extends Error {
  status?: number
  headers: Headers
  error: unknown
}

const STATUS_OF: Record<string, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  insufficient_quota: 402,
  permission_error: 403,
  model_not_found: 404,
  not_found_error: 404,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  insufficient_system_resource: 503,
  overloaded_error: 529,
}

/** What can be known of whatever these packages or an `AnswerReader` threw. */
export function readOpenAIFailure(error: unknown): Failure {
  if (error instanceof ServerFailure) return {...failureOf(error.body), message: error.message}
  if (!isApiError(error)) return {message: innermostMessage(error) || String(error), cause: error}
  // The error of the package is no cause: it repeats what the server said, the API key too if that was in it.
  const {status, headers} = error
  const body = withoutEnvelope(error.error)
  return {...failureOf(body), ...(status !== undefined && {status}), headers, message: body ? saidIn(body) : saidIn(error.message.replace(/^\d+ /, ''))}
}

/** The error for an address where something else than this API answers. */
export function wrongEndpoint(provider: string, endpoint: string): ProviderError {
  const address = endpoint.replace(/\/\/[^/@]*@/, '//')
  return new ProviderError('config', `${provider}: what answers at ${address} is no OpenAI-compatible API`, {
    code: 'ENDPOINT_WRONG',
    hint: `Check it: helix provider show ${provider} (most addresses end in /v1)`,
  })
}

/** Throws where a key cannot stand in a header: what then complains would repeat it. */
export function checkKey(provider: string, key: string): void {
  if (/^[\x21-\x7e]+$/.test(key)) return
  const hint = `Give it again: helix provider login ${provider}`
  throw new ProviderError('denied', `the API key for ${provider} has a space, a line break or a letter that no key has`, {code: 'KEY_REFUSED', hint})
}

/** Whether a package threw what a server said. */
export function isApiError(error: unknown): error is ApiError {
  return error instanceof Error && 'headers' in error && error.headers !== undefined && 'error' in error
}

// The package `groq-sdk` has all of the server's answer there, `openai` only what is in its `error`.
function withoutEnvelope(body: unknown): unknown {
  const {error} = (body ?? {}) as {error?: unknown}
  return typeof error === 'object' && error !== null ? error : body
}

// The package and fetch wrap what the socket said in errors that say nothing.
function innermostMessage(error: unknown): string {
  const {message, cause} = (error ?? {}) as {message?: unknown; cause?: unknown}
  return (cause ? innermostMessage(cause) : '') || (message ? String(message) : '')
}

function failureOf(body: unknown): {status: number; code: string} {
  const {code, type, status, http_status_code} = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const words = [code, type].filter((word) => typeof word === 'string')
  const number = [code, status, http_status_code].map(Number).find((candidate) => candidate >= 400 && candidate < 600)
  return {status: number ?? words.map((word) => STATUS_OF[word]).find(Boolean) ?? 500, code: words.join(' ')}
}

/** The words for people in an error, wherever a server puts them. */
function saidIn(body: unknown): string {
  if (typeof body === 'string') return titleOfPage(body) ?? body
  if (Array.isArray(body) && body.length > 0) return body.map(saidOfField).join('; ')
  const {message, detail, error, title} = (body ?? {}) as Record<string, unknown>
  const said = [message, detail, error, title].find((candidate) => candidate !== '' && ['string', 'object'].includes(typeof candidate) && candidate !== null)
  return said === undefined ? JSON.stringify(body) : saidIn(said)
}

// What servers written with FastAPI say of a field of the request that they do not like.
function saidOfField(problem: unknown): string {
  const {loc, msg} = (problem ?? {}) as {loc?: unknown; msg?: unknown}
  return typeof msg === 'string' ? `${Array.isArray(loc) ? `${loc.join('.')}: ` : ''}${msg}` : saidIn(problem)
}
