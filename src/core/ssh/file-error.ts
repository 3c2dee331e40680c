import {HelixError, messageOf} from '../errors/helix-error.js'

/** An error about a file on a worker: FILE_MISSING, FILE_DENIED or FILE_FAILED. */
export function fileError(reason: 'missing' | 'denied' | 'failed', path: string, cause: unknown): HelixError {
  if (reason === 'missing') return new HelixError('unavailable', `there is no file ${path} on the worker`, {code: 'FILE_MISSING', cause})
  if (reason === 'denied') return new HelixError('denied', `the worker's user may not use the file ${path}`, {code: 'FILE_DENIED', cause})
  return new HelixError('unavailable', `the file ${path} on the worker: ${messageOf(cause)}`, {code: 'FILE_FAILED', cause})
}
