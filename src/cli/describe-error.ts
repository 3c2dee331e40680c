import {EXIT_CODES, HelixError, messageOf} from '../core/errors/helix-error.js'
import {redact} from '../core/security/redact.js'

/** An error as the user meets it: what to print and which exit code to leave with. */
export interface DescribedError {
  code: string
  kind: string
  message: string
  hint?: string | undefined
  exitCode: number
}

// oclif's own exit codes for a command line that it does not understand.
const COMMAND_NOT_FOUND = 127

/** Describes whatever was thrown; what is neither Helix's nor oclif's is a bug. Secrets are redacted. */
export function describeError(error: unknown): DescribedError {
  if (HelixError.is(error)) {
    const {code, kind, message, hint} = error
    return {code, kind, message: redact(message), hint: hint && redact(hint), exitCode: EXIT_CODES[kind]}
  }
  const {oclif, code} = error as {oclif?: {exit?: number}; code?: string}
  const message = redact(messageOf(error))
  if (oclif?.exit !== undefined) {
    if (code === 'EEXIT') return {code, kind: 'exit', message, exitCode: oclif.exit}
    const exitCode = oclif.exit === COMMAND_NOT_FOUND ? EXIT_CODES.usage : oclif.exit
    return {code: 'USAGE', kind: 'usage', message: message.replace(/\n?See more help with --help$/, ''), hint: 'See more help with --help', exitCode}
  }
  return {
    code: 'BUG',
    kind: 'bug',
    message: `this is a bug in Helix: ${message}`,
    hint: 'Run it again with DEBUG=1 for the stack, and report it.',
    exitCode: EXIT_CODES.bug,
  }
}
