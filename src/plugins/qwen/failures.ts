import type {Failure} from '../../core/providers/provider-error.js'

/** What went wrong, in the words and with the status that others have for it: https://www.alibabacloud.com/help/en/model-studio/error-code */
export function toQwenFailure(failure: Failure): Failure {
  // <400> InternalError.Algo.InvalidParameter: what people can read.
  const said = {...failure, message: failure.message.replace(/^<\d{3}> [\w.]+: /, '')}
  const words = `${failure.code ?? ''} ${said.message}`
  if (/Arrearage|FreeTierOnly|free tier.*exhausted/i.test(words)) return {...said, status: 402}
  // Elsewhere these words mean an empty account; here they are said of the tokens of a minute.
  if (/insufficient_quota|AllocationQuota/.test(words)) return {...said, status: 429, code: 'rate_limit', message: 'no more tokens in this minute'}
  if (/limit_requests|Throttling/.test(words)) return {...said, status: 429}
  return /data_?inspection_?failed/i.test(words) ? {...said, status: 400} : said
}
