import {EXIT_CODES, type HelixError} from '../core/errors/helix-error.js'
import {describeError} from './describe-error.js'

/** What `--json` shows of a failure. */
export interface FailureView {
  code: string
  kind: string
  message: string
  hint: string | null
}

/** Tells what went wrong on one of so many workers, and sets the exit code: that of the error where one worker was meant. */
export function tellFailure(worker: string, error: HelixError | undefined, count: number, log: (text: string) => void): FailureView | null {
  if (!error) return null
  const {code, kind, message, hint, exitCode} = describeError(error)
  process.exitCode = count === 1 ? exitCode : EXIT_CODES.unavailable
  log(`Error: ${worker}: ${message}${hint === undefined ? '' : `\n${hint}`}`)
  return {code, kind, message, hint: hint ?? null}
}
