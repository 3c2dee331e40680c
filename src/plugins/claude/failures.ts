import {parseObject} from '../../core/providers/parse-object.js'
import {ProviderError, RequestFailure, titleOfPage} from '../../core/providers/provider-error.js'

/** Statuses of the errors that come in a stream, where there is none: https://platform.claude.com/docs/en/api/errors */
const STATUS_OF: Record<string, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
}

/** The error that an event or a whole body of the type `error` tells. */
export function toFailure({error}: {error?: unknown}, status?: number, headers?: Headers): RequestFailure {
  const {type = '', message} = (typeof error === 'object' && error !== null ? error : {}) as {type?: string; message?: string}
  const said = typeof error === 'string' ? error : message || type || 'it gives no reason'
  return new RequestFailure({status: status ?? STATUS_OF[type] ?? 500, message: said, code: type, headers})
}

/** The error for an answer with an error status. */
export function refusal(status: number, body: string, headers: Headers): RequestFailure {
  const answer = parseObject(body)
  if (answer) return toFailure('error' in answer ? answer : {error: answer}, status, headers)
  return new RequestFailure({status, message: titleOfPage(body) ?? (body.trim() || 'it gives no reason'), headers})
}

/** The error for an address where something else than this API answers. */
export function wrongEndpoint(provider: string, endpoint: string): ProviderError {
  const address = endpoint.replace(/\/\/[^/@]*@/, '//')
  const message = `${provider}: what answers at ${address} is not Anthropic's Messages API`
  return new ProviderError('config', message, {code: 'ENDPOINT_WRONG', hint: `Check it: helix provider show ${provider}`})
}
