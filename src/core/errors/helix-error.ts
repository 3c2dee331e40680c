/** What went wrong, as the exit code tells it to a script. */
export type ErrorKind = 'usage' | 'unavailable' | 'bug' | 'busy' | 'denied' | 'config' | 'interrupted'

/** Exit codes of Helix itself, from sysexits.h; a task's own code passes through unchanged. */
export const EXIT_CODES: Record<ErrorKind, number> = {
  usage: 2,
  unavailable: 69,
  bug: 70,
  busy: 75,
  denied: 77,
  config: 78,
  interrupted: 130,
}

export interface HelixErrorOptions {
  /** Stable, machine-readable name such as `HOST_KEY_CHANGED`. */
  code: string
  /** What to do next, one line. */
  hint?: string
  cause?: unknown
}

// Plugins bring their own copy of this module, so `instanceof` would not see their errors.
const MARKER = Symbol.for('helix.error')

/** The one error that users see: what happened, to what, and what to do next. Never carries a secret. */
export class HelixError extends Error {
  readonly [MARKER] = true
  readonly kind: ErrorKind
  readonly code: string
  readonly hint: string | undefined

  constructor(kind: ErrorKind, message: string, options: HelixErrorOptions) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause})
    this.name = 'HelixError'
    this.kind = kind
    this.code = options.code
    this.hint = options.hint
  }

  /** True for a HelixError of this or any other copy of the module. */
  static is(error: unknown): error is HelixError {
    return typeof error === 'object' && error !== null && MARKER in error
  }
}

/** The code of whatever was thrown, such as `ENOENT`; empty when it has none. */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}

/** The message of whatever was thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
