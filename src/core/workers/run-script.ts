import {randomBytes} from 'node:crypto'
import type {Readable} from 'node:stream'
import {HelixError} from '../errors/helix-error.js'
import type {Transport, WorkerProcess} from './transport.js'

/** What a script printed; a noisy profile may have printed before it. */
export interface ScriptOutput {
  stdout: Buffer
  stderr: Buffer
}

/** A word that no profile prints; it begins every line that a script means for us. */
export function newMark(): string {
  return `helix-${randomBytes(9).toString('base64url')}`
}

/** The command line that runs a script in `sh`, whatever the login shell: single quotes are what all of them read alike, and the scripts contain none. */
export function scriptCommand(script: string, mark: string): string {
  return `exec sh -c '${script.replace('@MARK@', mark)}'`
}

/** Runs a script to its end. Rejects with kind `unavailable` when the connection is lost first. */
export async function runScript(transport: Transport, command: string, input: string, env?: NodeJS.ProcessEnv): Promise<ScriptOutput> {
  const process = await transport.exec(command, env ? {env} : {})
  const stdout = gather(process.stdout)
  const stderr = gather(process.stderr)
  // A script that ends early does not read its input; its exit tells why.
  process.stdin.on('error', () => {})
  process.stdin.end(input)
  await process.exit
  return {stdout: stdout(), stderr: stderr()}
}

/** Reads a stream; the returned function gives all that has come so far. */
export function gather(stream: Readable): () => Buffer {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks)
}

/** Waits for the rest of the first line that begins with `start`. Rejects with kind `unavailable` when the process ends without it. */
export function waitForLine(process: WorkerProcess, output: () => Buffer, start: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = findLine(output(), start)
      if (found === undefined) return
      process.stdout.off('data', look)
      resolve(found)
    }
    process.stdout.on('data', look)
    process.exit.then(() => reject(noShell()), reject)
  })
}

function noShell(): HelixError {
  return new HelixError('unavailable', 'the worker has no working POSIX shell', {code: 'WORKER_SHELL', hint: 'Helix needs `sh` on the worker.'})
}

/** The rest of the first line that begins with `start`; undefined while there is none. */
export function findLine(output: Buffer, start: string): string | undefined {
  const from = output.indexOf(start)
  const to = from < 0 ? -1 : output.indexOf('\n', from)
  return to < 0 ? undefined : output.toString('utf8', from + start.length, to)
}

/** What follows the mark, line by line. What a profile printed may stand before the first one on the same line. */
export function linesAfter(output: Buffer, mark: string): string[] {
  return output
    .toString()
    .split('\n')
    .flatMap((line) => line.split(`${mark} `).slice(1))
}

/** A line's first word, and the rest. */
export function splitOnce(line: string): [string, string] {
  const at = line.indexOf(' ')
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
}
