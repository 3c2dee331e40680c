import type {Failure} from '../../core/providers/provider-error.js'

/** The fetch with the time that a model still needs to load, which Hugging Face tells in the body of its refusal, as a Retry-After. */
export function readEstimates(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (response.status !== 503 || response.headers.has('retry-after')) return response
    const body = await response.text()
    const [, seconds] = /"estimated_time"\s*:\s*(\d+(?:\.\d+)?)/.exec(body) ?? []
    const headers = new Headers(response.headers)
    if (seconds !== undefined) headers.set('retry-after', seconds)
    return new Response(body, {status: response.status, statusText: response.statusText, headers})
  }
}

/** Errors of Text Generation Inference in mid-stream have no status; outside of one it has this: router/src/infer/mod.rs there. */
const STATUS_OF: [RegExp, number][] = [
  [/^(Input validation error|Template error|Tool error|Missing template)/, 422],
  [/^Model is overloaded/, 429],
]

/** The failure with the status that says what to do about it. */
export function withStatus(failure: Failure): Failure {
  const {code = '', message} = failure
  if (/model_not_(supported|found)/.test(code)) return {...failure, status: 404}
  // For a generation that failed on the server's side.
  if (failure.status === 424) return {...failure, status: 500}
  const status = STATUS_OF.find(([words]) => words.test(message))?.[1]
  if (status === undefined) return failure
  return {...failure, status, ...(/`inputs` (tokens \+|must have less)/.test(message) && {code: 'context_length_exceeded'})}
}
