import type {Failure} from '../../core/providers/provider-error.js'

/** What went wrong, with the status that others have for it. */
export function toGrokFailure(failure: Failure): Failure {
  const {message} = failure
  if (/credits or licenses|used all available credits|spending limit/i.test(message)) return {...failure, status: 402}
  // A refusal of what was asked (403) is no refusal of the key.
  if (/violates usage guidelines/i.test(message)) return {...failure, status: 400}
  return /^model not found/i.test(message) ? {...failure, status: 404} : failure
}
