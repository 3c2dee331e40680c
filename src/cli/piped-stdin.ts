import {fstatSync} from 'node:fs'
import {readText} from '../core/sessions/question-files.js'

const PATIENCE_MS = 3000

/** Standard input when it is a pipe, a socket or a file; undefined for a terminal, /dev/null, and one that is closed. */
export function pipedStdin(): NodeJS.ReadStream | undefined {
  try {
    const stdin = fstatSync(0)
    return stdin.isFIFO() || stdin.isFile() || stdin.isSocket() ? process.stdin : undefined
  } catch {
    return undefined
  }
}

/** All of standard input as text; says on stderr what is waited for when it does not end soon. Throws `usage` for what is no UTF-8, or too much. */
export async function readPipedText(stdin: AsyncIterable<Buffer>): Promise<string> {
  const notice = 'helix: waiting for the end of standard input; where there is none, redirect it: < /dev/null\n'
  const timer = setTimeout(() => process.stderr.write(notice), PATIENCE_MS)
  try {
    return await readText(stdin)
  } finally {
    clearTimeout(timer)
  }
}
