/** Nothing that people write by hand comes near it; a deeper document is an attack on the stack. */
export const MAX_DEPTH = 64

/** Bytes of the largest config file that is read. */
export const MAX_BYTES = 1024 * 1024

// The YAML parser needs quadratic time: 1 MiB of plain keys keeps it busy for minutes, 64 KiB for under a second.
/** Bytes of the largest YAML config file that is read. */
export const MAX_YAML_BYTES = 64 * 1024

/** What is wrong with the text of a config file, and where; the reader of the file adds its name. */
export class DocumentError extends Error {
  /** Index into the text, undefined where the problem is not at one place. */
  readonly offset: number | undefined

  constructor(message: string, offset?: number) {
    super(message)
    this.offset = offset
  }
}

/** Where in the source a problem is, as `:LINE`; empty where it is not at one place. */
export function lineOf(source: string, error: unknown): string {
  const offset = error instanceof DocumentError ? error.offset : undefined
  return offset === undefined ? '' : `:${source.slice(0, offset).split('\n').length}`
}

/** True for keys that would reach the prototype of an object when they are assigned. */
export function isForbiddenKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}
