import {ProviderError, RequestFailure, titleOfPage} from '../../core/providers/provider-error.js'

/** An error of Google's APIs: https://google.aip.dev/193 */
export interface WireError {
  code?: number | null
  message?: string | null
  /** A word such as RESOURCE_EXHAUSTED. */
  status?: string | null
  details?: WireDetail[] | null
}

interface WireDetail {
  reason?: string
  /** Seconds, as `26.5s`. */
  retryDelay?: string
  violations?: {quotaId?: string; quotaValue?: string}[]
}

interface Answer {
  /** Id of the provider, for messages. */
  provider: string
  /** Absent in mid-stream, where it can no longer be told. */
  status?: number
  headers?: Headers
}

/** HTTP statuses of the words that may come without: https://google.aip.dev/193#http11json-representation */
const STATUS_OF: Record<string, number> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  ABORTED: 503,
  DEADLINE_EXCEEDED: 504,
}

/** The error for the body of an answer with an error status. */
export function readRefusal(body: string, {provider, status, headers}: Required<Answer>): Error {
  const error = readError(body)
  if (error) return toFailure(error, {provider, status, headers})
  return new RequestFailure({status, message: titleOfPage(body) ?? (body || 'it gives no reason'), headers})
}

/** The error for what Google says is wrong. */
export function toFailure({code, message, status: word, details}: WireError, {provider, status, headers}: Answer): Error {
  const found = details ?? []
  const known = status ?? code ?? STATUS_OF[word ?? ''] ?? 500
  const wait = found.map(({retryDelay}) => /^([\d.]+)s$/.exec(retryDelay ?? '')?.[1]).find(Boolean)
  const quotas = found.flatMap(({violations}) => violations ?? []).flatMap(({quotaId, quotaValue}) => (quotaId ? [`${quotaId} (${quotaValue ?? '?'})`] : []))
  const said = message ?? word ?? 'it gives no reason'
  // A limit of 0 is what the account has no right to.
  const isRate = known === 429 && (quotas.length > 0 || wait !== undefined) && !/limit: 0\b/.test(said)
  if (isRate && quotas.some((quota) => quota.includes('PerDay'))) return ofTheDay(provider, quotas)
  const waiting = new Headers(headers)
  if (wait !== undefined && !waiting.has('retry-after')) waiting.set('retry-after', wait)
  return new RequestFailure({
    status: known,
    message: isRate ? quotas.join(', ') || withoutQuota(said) : said,
    code: [word, ...found.map(({reason}) => reason)].filter(Boolean).join(' '),
    headers: waiting,
  })
}

/** The error for an address where something else than this API answers. */
export function wrongEndpoint(provider: string, endpoint: string): ProviderError {
  const message = `${provider}: what answers at ${endpoint.replace(/\/\/[^/@]*@/, '//')} is not the Gemini API`
  const hint = `Check it: helix provider show ${provider} (its address ends in /v1beta)`
  return new ProviderError('config', message, {code: 'ENDPOINT_WRONG', hint})
}

// Google asks to come back in a minute for what will be there tomorrow.
function ofTheDay(provider: string, quotas: readonly string[]): ProviderError {
  const hint = 'The day ends at midnight Pacific time. Other models, and paid plans, have limits of their own: https://ai.dev/rate-limit'
  return new ProviderError('busy', `${provider} takes no more requests today: ${quotas.join(', ')}`, {code: 'RATE_LIMIT', hint})
}

// It says the same of a minute's limit as of an account without credit.
function withoutQuota(message: string): string {
  return message.replace(/You exceeded your current quota[^.]*\.\s*/, '') || 'too many requests'
}

function readError(body: string): WireError | undefined {
  try {
    const value = JSON.parse(body)
    const error = (Array.isArray(value) ? value[0] : value)?.error
    return typeof error === 'object' && error !== null ? error : undefined
  } catch {
    return undefined
  }
}
