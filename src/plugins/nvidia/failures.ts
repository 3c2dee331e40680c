import type {Failure} from '../../core/providers/provider-error.js'

export const HOSTED_URL = 'https://integrate.api.nvidia.com/v1'

/** The failure with the status that says what to do about it, where NVIDIA's own is that of the machinery behind its models. */
export function withStatus(failure: Failure, baseUrl: string): Failure {
  const {status, message} = failure
  // A model is a function there; one that a server itself does not know, or no longer has, is a page that there is not.
  const isNoModel = status === 410 || (status === 404 && (baseUrl === HOSTED_URL || /^Function /.test(message)))
  if (isNoModel) return {...failure, status: 404, code: 'model_not_found'}
  return status === 400 && /DEGRADED function/.test(message) ? {...failure, status: 503} : failure
}
