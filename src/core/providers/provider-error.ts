import {type ErrorKind, errorCode, HelixError, type HelixErrorOptions} from '../errors/helix-error.js'

export interface ProviderErrorOptions extends HelixErrorOptions {
  /** Whether the same request may succeed a little later. */
  retryable?: boolean
  /** How long the provider asks to wait. */
  retryAfterMs?: number | undefined
}

/** An error of a provider. Its `kind` decides Helix's exit code, `retryable` whether the request is sent again. */
export class ProviderError extends HelixError {
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined

  constructor(kind: ErrorKind, message: string, options: ProviderErrorOptions) {
    super(kind, message, options)
    this.name = 'ProviderError'
    this.retryable = options.retryable ?? false
    this.retryAfterMs = options.retryAfterMs
  }
}

/** What is known of a request that a provider did not answer as hoped. */
export interface Failure {
  /** HTTP status; absent where there was no answer. */
  status?: number | undefined
  /** What the provider said. */
  message: string
  /** The provider's own word for the kind of error, such as `insufficient_quota`. */
  code?: string | undefined
  headers?: Headers | undefined
  cause?: unknown
}

/** What a server said in place of an answer, or in the middle of one. */
export class RequestFailure extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

/** What to tell of a page for people that came in place of an answer: its title. Undefined for what is no such page. */
export function titleOfPage(body: string): string | undefined {
  if (!/^\s*<[!a-z]/i.test(body)) return undefined
  return /<title>(.*?)<\/title>/is.exec(body)?.[1]?.trim() || 'a web page'
}

/** Who was asked for what, for the message of an error. */
export interface FailureContext {
  /** Id of the provider. */
  provider: string
  endpoint?: string | undefined
  model?: string | undefined
  /** Milliseconds since 1970, for a Retry-After that is a date. */
  now?: number
}

const NETWORK_HINTS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up at the moment',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
}
/** How deep errors stand in one another at the most. */
const MOST_CAUSES = 6
// A refused connection or an unknown host is not better half a second later.
const PASSING = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'EAI_AGAIN'])

/** The error for a failed request, by its HTTP status and by the words that providers use. */
export function toProviderError(failure: Failure, context: FailureContext): ProviderError {
  const {provider, model} = context
  const {status, cause} = failure
  const said = shorten(failure.message)
  const words = `${failure.code ?? ''} ${failure.message}`.toLowerCase()
  if (status === undefined) return networkError(failure, context)
  const options = {cause, retryAfterMs: readRetryAfter(failure.headers, context.now ?? Date.now())}
  if (/insufficient_quota|exceeded your current quota|insufficient (balance|credit)|billing/.test(words) || status === 402) {
    return new ProviderError('denied', `${provider}: the account has no credit left: ${said}`, {...options, code: 'QUOTA_EXCEEDED'})
  }
  if (status === 401 || status === 403 || /invalid.{0,8}api.?key|api.?key.{0,8}invalid|incorrect api key/.test(words)) {
    const hint = `Set another key: helix provider login ${provider}`
    return new ProviderError('denied', `${provider} did not accept the API key (${status}): ${said}`, {...options, code: 'KEY_REFUSED', hint})
  }
  if (/context.{0,8}length|maximum context|context window|context limit|too many tokens|prompt is too long|input token count.*exceeds/.test(words)) {
    return new ProviderError('usage', `${provider}: the request is too long for ${model ?? 'the model'}: ${said}`, {...options, code: 'CONTEXT_TOO_LONG'})
  }
  if (status === 404) return notFound(failure, context)
  if (status === 429) return new ProviderError('busy', `${provider} limits the rate of requests: ${said}`, {...options, code: 'RATE_LIMIT', retryable: true})
  if (status === 408 || status >= 500) {
    const kind = status === 503 || status === 529 ? 'busy' : 'unavailable'
    const retryable = status !== 501 && status !== 505
    return new ProviderError(kind, `${provider} answered with an error of its own (${status}): ${said}`, {...options, code: 'PROVIDER_FAILED', retryable})
  }
  return new ProviderError('usage', `${provider} refused the request (${status}): ${said}`, {...options, code: 'REQUEST_REFUSED'})
}

function notFound({message, code, cause}: Failure, {provider, endpoint, model}: FailureContext): ProviderError {
  // A server that speaks the provider's protocol says that it lacks the model; any other just lacks the page.
  if (model !== undefined && /model/i.test(`${code ?? ''} ${message}`)) {
    const hint = `See what there is: helix provider models ${provider}`
    return new ProviderError('usage', `${provider} has no model ${model}: ${shorten(message)}`, {code: 'MODEL_UNKNOWN', hint, cause})
  }
  const hint = `Check it: helix provider show ${provider}`
  return new ProviderError('config', `${provider}: there is no such API at ${endpoint ?? 'its address'} (404)`, {code: 'ENDPOINT_WRONG', hint, cause})
}

function networkError({message, cause}: Failure, {provider, endpoint}: FailureContext): ProviderError {
  const told = causesOf(cause).find(HelixError.is)
  if (told) return onTheWay(told, provider)
  const refused = causesOf(cause).find(isCertificateError)
  if (refused) return certificateError(refused, {provider, endpoint})
  const code = networkCode(cause)
  const reason = (code && NETWORK_HINTS[code]) ?? shorten(message)
  return new ProviderError('unavailable', `${provider} cannot be reached at ${endpoint ?? 'its address'}: ${reason}`, {
    code: 'PROVIDER_UNREACHABLE',
    hint: `Is it running? See the address with: helix provider show ${provider}`,
    retryable: code !== undefined && PASSING.has(code),
    cause,
  })
}

// What Helix itself found wrong on the way, as with the worker that the provider is reached through, says more than what fetch makes of it.
function onTheWay({kind, message, code, hint, cause}: HelixError, provider: string): ProviderError {
  return new ProviderError(kind, `${provider}: ${message}`, {code, retryable: code === 'CONNECTION_LOST', cause, ...(hint !== undefined && {hint})})
}

function certificateError({message}: Error, {provider, endpoint}: FailureContext): ProviderError {
  const hint = 'If an authority of your own has signed it, name its certificate in the variable NODE_EXTRA_CA_CERTS.'
  // Node adds advice about its own command line.
  const reason = shorten(message.split(';', 1).join())
  const text = `${provider}: the certificate of ${endpoint ?? 'its address'} is not accepted: ${reason}`
  return new ProviderError('config', text, {code: 'CERTIFICATE_REFUSED', hint})
}

// OpenSSL's names, as Node has them: https://nodejs.org/api/tls.html#x509-certificate-error-codes
function isCertificateError(error: unknown): error is Error {
  return /^(ERR_TLS_)?CERT_|SELF_SIGNED_CERT|^UNABLE_TO_(GET|VERIFY)_/.test(errorCode(error))
}

/** An error and what it was caused by, the outermost first. */
function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = []
  for (let inner = error; inner && causes.length < MOST_CAUSES; inner = (inner as {cause?: unknown}).cause) causes.push(inner)
  return causes
}

/** A stream that ended before the model said that it was done. */
export function streamCut(provider: string, hasContent: boolean, cause?: unknown): ProviderError {
  const message = `${provider}: the connection was cut before the answer was complete`
  return new ProviderError('unavailable', message, {code: 'STREAM_CUT', hint: 'Try again.', retryable: !hasContent, cause})
}

// fetch wraps what the socket said in errors of its own, several deep.
function networkCode(error: unknown): string | undefined {
  for (const inner of causesOf(error) as {code?: unknown; errors?: unknown[]}[]) {
    if (typeof inner.code === 'string' && inner.code in NETWORK_HINTS) return inner.code
    const first = inner.errors?.map(networkCode).find(Boolean)
    if (first) return first
  }
  return undefined
}

/** Milliseconds that `Retry-After` (RFC 9110, seconds or a date) or `retry-after-ms` asks to wait; undefined without one that can be read. */
export function readRetryAfter(headers: Headers | undefined, now: number): number | undefined {
  const milliseconds = Number(headers?.get('retry-after-ms') ?? Number.NaN)
  if (milliseconds >= 0) return milliseconds
  const text = headers?.get('retry-after')?.trim()
  if (!text) return undefined
  const wait = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
