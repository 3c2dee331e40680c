import {fstatSync} from 'node:fs'

/** Standard input when it is a pipe, a socket or a file; undefined for a terminal, /dev/null, and one that is closed. */
export function pipedStdin(): NodeJS.ReadStream | undefined {
  try {
    const stdin = fstatSync(0)
    return stdin.isFIFO() || stdin.isFile() || stdin.isSocket() ? process.stdin : undefined
  } catch {
    return undefined
  }
}
