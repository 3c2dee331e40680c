import {stripVTControlCharacters} from 'node:util'
import {EXIT_CODES, HelixError, messageOf} from '../core/errors/helix-error.js'
import {nearestName} from '../core/nearest-name.js'
import {redact} from '../core/security/redact.js'
import {showLine} from '../core/show-text.js'

/** An error as the user meets it: what to print and which exit code to leave with. */
export interface DescribedError {
  code: string
  kind: string
  message: string
  hint?: string | undefined
  exitCode: number
}

/** What oclif adds to the errors that it throws. */
interface OclifError {
  oclif?: {exit?: number}
  code?: string
  /** Of a command line that lacks arguments. */
  args?: {name: string}[]
}

/** Describes whatever was thrown; what is neither Helix's nor oclif's is a bug. Secrets are redacted. */
export function describeError(error: unknown, commandIds: readonly string[] = []): DescribedError {
  const message = oneLine(describeFlags(messageOf(error)))
  if (HelixError.is(error)) return {code: error.code, kind: error.kind, message, hint: error.hint && oneLine(error.hint), exitCode: EXIT_CODES[error.kind]}
  const {oclif, code, args} = error as OclifError
  if (code === 'EEXIT') return {code, kind: 'exit', message, exitCode: oclif?.exit ?? 0}
  if (oclif?.exit !== undefined) return {code: 'USAGE', kind: 'usage', ...describeUsage(message, args, commandIds), exitCode: EXIT_CODES.usage}
  return {
    code: 'BUG',
    kind: 'bug',
    message: `this is a bug in Helix: ${message}`,
    hint: 'Run it again with DEBUG=1 for the stack, and report it.',
    exitCode: EXIT_CODES.bug,
  }
}

function describeUsage(message: string, args: OclifError['args'], commandIds: readonly string[]): {message: string; hint: string} {
  const hint = 'See more help with --help'
  const unknown = /^command (\S+) not found$/.exec(message)?.[1]
  if (unknown !== undefined) {
    const meant = nearestName(unknown, commandIds)?.replaceAll(':', ' ')
    return {message: `there is no command ${unknown.replaceAll(':', ' ')}`, hint: meant === undefined ? hint : `Did you mean: helix ${meant}?`}
  }
  if (/^Missing \d+ required arg/.test(message) && args) return {message: `missing ${args.map((arg) => arg.name.toUpperCase()).join(' and ')}`, hint}
  return {message, hint}
}

// oclif lists what is wrong with the flags under a heading, on a terminal with colors, and as its parser sees it.
function describeFlags(message: string): string {
  const [heading = '', ...problems] = stripVTControlCharacters(message)
    .replace(/\nSee more help with --help$/, '')
    .split(/\n\s*/)
  if (!/^The following errors? occurred:$/.test(heading)) return message
  const reworded = problems.map((problem) =>
    problem
      .replace(/^Missing required flag (\S+)$/, 'missing --$1')
      .replace(/^All of the following must be provided when using (--[^:]+): (.+)$/, '$1 needs $2')
      .replace(/^(--[\w-]+)=.* cannot also be provided when using (--[\w-]+)$/, '$1 and $2 do not go together'),
  )
  return [...new Set(reworded)].join('; ')
}

// A message may quote what a worker or a file said: no secret, no line of its own, nothing that a terminal obeys.
// oclif frames the errors of flags that are parsed by a function of ours.
function oneLine(message: string): string {
  const line = redact(message)
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
  return showLine(line.replace(/ See more help with --help$/, '').replace(/^Parsing (--\S+) /, '$1: '))
}
