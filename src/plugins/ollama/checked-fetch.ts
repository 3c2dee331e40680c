import {parseObject} from '../../core/providers/parse-object.js'
import {type Asked, notOllama, refusal} from './failures.js'
import {readAnswer} from './read-answer.js'

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
    if (streams) return new Response(ReadableStream.from(toLines(response, asked)), {status})
    const body = await response.text()
    if (!parseObject(body)) throw notOllama(asked, status)
    return new Response(body, {status})
  }
}

async function* toLines(response: Response, asked: Asked): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const lines of readAnswer(response, asked)) for (const line of lines) yield encoder.encode(`${JSON.stringify(line)}\n`)
}
