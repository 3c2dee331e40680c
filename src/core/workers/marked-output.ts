import {randomUUID} from 'node:crypto'
import type {Readable} from 'node:stream'
import {HelixError} from '../errors/helix-error.js'
import {quoteArgument} from '../ssh/quote-argument.js'
import type {Transport, WorkerProcess} from './transport.js'

/** Starts a script in `sh` with words of its own: `$1` is `path`, made safe from being taken for an option, `$2` a random word, `$3` and on what follows. The script contains no single quotes. */
export async function startScript(exec: Transport['exec'], script: string, path: string, ...words: string[]): Promise<{child: WorkerProcess; marker: string}> {
  const marker = randomUUID()
  const all = [path.startsWith('-') ? `./${path}` : path, marker, ...words].map(quoteArgument)
  return {child: await exec(`exec sh -c '${script}' sh ${all.join(' ')}`), marker}
}

/** What a process prints after the marker; a noisy profile may have printed before it. */
export async function* afterMarker(stream: Readable, marker: string): AsyncGenerator<Buffer> {
  let before: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (before === undefined) {
      yield chunk
      continue
    }
    before = Buffer.concat([before, chunk])
    const at = before.indexOf(marker)
    if (at < 0) {
      // Only a beginning of the marker at the very end can still matter.
      before = before.subarray(Math.max(0, before.length - marker.length))
      continue
    }
    yield before.subarray(at + marker.length)
    before = undefined
  }
}

/** Reads the words of the first line, and gives what follows it together with what is still to come. */
export async function readFirstLine(output: AsyncGenerator<Buffer>): Promise<{words: string[]; rest: AsyncGenerator<Buffer>}> {
  let text = Buffer.alloc(0)
  for (let end = -1; end < 0; end = text.indexOf('\n')) {
    const {value, done} = await output.next()
    if (done) throw new HelixError('unavailable', 'the worker ended the copy before it began', {code: 'FILE_FAILED'})
    text = Buffer.concat([text, value])
  }
  const end = text.indexOf('\n')
  return {words: text.toString('latin1', 0, end).split(' '), rest: prepend(text.subarray(end + 1), output)}
}

/** The last words of a stream, which are the ones that say what went wrong. */
export async function collectEnd(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) text = (text + String(chunk)).slice(-500)
  return text.trim()
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}
