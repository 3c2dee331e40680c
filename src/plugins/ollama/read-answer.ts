import {parseObject} from '../../core/providers/parse-object.js'
import {streamCut} from '../../core/providers/provider-error.js'
import {type Asked, errorOf, notOllama} from './failures.js'

/** Characters of one line; a longer one is not Ollama's, or nothing that a model meant. */
const LONGEST_LINE = 64 * 1024 * 1024

interface Line {
  text: string
  isWhole: boolean
}

/**
 * The lines of JSON in a streamed answer up to the one that says that it is the last; those that arrive together come together, to be read
 * before the next are asked for. Rejects for what is not Ollama's, for the error that a line tells, and where the last line is missing.
 */
export async function* readAnswer({body, status}: Response, asked: Asked): AsyncGenerator<Iterable<Record<string, unknown>>> {
  if (!body) throw notOllama(asked, status)
  let isFirst = true
  let isDone = false
  function* check(lines: readonly Line[]): Generator<Record<string, unknown>> {
    for (const line of lines) {
      const answer = parseLine(line, isFirst, asked)
      isFirst = false
      isDone = answer.done === true || answer.status === 'success'
      yield answer
      if (isDone) return
    }
  }
  for await (const lines of readLines(body, asked)) {
    yield check(lines)
    if (isDone) return
  }
  throw streamCut(asked.id, false)
}

function parseLine({text, isWhole}: Line, isFirst: boolean, asked: Asked): Record<string, unknown> {
  const answer = parseObject(text)
  // What was Ollama's until now has not become something else: a part got lost.
  if (!answer && (!isFirst || (!isWhole && text.startsWith('{')))) throw streamCut(asked.id, false)
  if (!answer) throw notOllama(asked)
  if (typeof answer.error === 'string') throw errorOf(answer.error, asked)
  if (typeof answer.done !== 'boolean' && typeof answer.status !== 'string') throw notOllama(asked)
  return answer
}

async function* readLines(body: AsyncIterable<Uint8Array>, asked: Asked): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder()
  let pieces: string[] = []
  let length = 0
  for await (const chunk of readBody(body, asked)) {
    const lines: Line[] = []
    const [piece = '', ...rest] = decoder.decode(chunk, {stream: true}).split('\n')
    pieces.push(piece)
    length += piece.length
    if (length > LONGEST_LINE) throw notOllama(asked)
    for (const next of rest) {
      const text = pieces.join('').trim()
      if (text) lines.push({text, isWhole: true})
      pieces = [next]
      length = next.length
    }
    if (lines.length > 0) yield lines
  }
  const text = pieces.join('').trim()
  if (text) yield [{text, isWhole: false}]
}

async function* readBody(body: AsyncIterable<Uint8Array>, {id}: Asked): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw streamCut(id, false, error)
  }
}
