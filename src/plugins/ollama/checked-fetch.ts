import {streamCut} from '../../core/providers/provider-error.js'
import {type Asked, errorOf, notOllama, refusal} from './failures.js'

/** Characters of one line; a longer one is not Ollama's, or nothing that a model meant. */
const LONGEST_LINE = 64 * 1024 * 1024

/** A request of the package `ollama`. */
interface CheckedRequest {
  asked: Asked
  fetch: typeof fetch
  signal: AbortSignal
  /** Whether a line of JSON after the other comes, until one says that it is the last. */
  streams: boolean
}

/**
 * The fetch that the package `ollama` gets. By itself the package cannot end a request whose answer has not begun, loses the
 * headers of a refusal (and with them Retry-After), prints to stdout when a refusal is no JSON, and passes over lines that it
 * cannot read. So here its requests get the signal, refusals become errors, and it sees only whole lines that are Ollama's.
 */
export function checkedFetch({asked, fetch, signal, streams}: CheckedRequest): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, {...init, signal})
    const {status, headers} = response
    if (!response.ok) throw refusal(status, await response.text(), headers, asked)
    if (streams && response.body) return new Response(ReadableStream.from(checkLines(response.body, asked)), {status})
    const body = await response.text()
    if (!parseObject(body)) throw notOllama(asked, status)
    return new Response(body, {status})
  }
}

async function* checkLines(body: AsyncIterable<Uint8Array>, asked: Asked): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  let isFirst = true
  for await (const {line, isWhole} of readLines(body, asked)) {
    const answer = parseObject(line)
    // What was Ollama's until now has not become something else: a part got lost.
    if (!answer && (!isFirst || (!isWhole && line.startsWith('{')))) break
    if (!answer) throw notOllama(asked)
    if (typeof answer.error === 'string') throw errorOf(answer.error, asked)
    if (typeof answer.done !== 'boolean' && typeof answer.status !== 'string') throw notOllama(asked)
    yield encoder.encode(`${line}\n`)
    if (answer.done === true || answer.status === 'success') return
    isFirst = false
  }
  throw streamCut(asked.id, false)
}

async function* readLines(body: AsyncIterable<Uint8Array>, asked: Asked): AsyncGenerator<{line: string; isWhole: boolean}> {
  const decoder = new TextDecoder()
  let pieces: string[] = []
  let length = 0
  for await (const chunk of readBody(body, asked)) {
    const [piece = '', ...rest] = decoder.decode(chunk, {stream: true}).split('\n')
    pieces.push(piece)
    length += piece.length
    if (length > LONGEST_LINE) throw notOllama(asked)
    for (const next of rest) {
      const line = pieces.join('').trim()
      if (line) yield {line, isWhole: true}
      pieces = [next]
      length = next.length
    }
  }
  const line = pieces.join('').trim()
  if (line) yield {line, isWhole: false}
}

async function* readBody(body: AsyncIterable<Uint8Array>, {id}: Asked): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw streamCut(id, false, error)
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
