import type {Reply} from './fake-server.js'

type Pieces = readonly (string | Uint8Array)[]

interface AnswerOptions {
  contentType: string
  status?: number
  headers?: Record<string, string>
}

/** Sends the pieces one by one and ends. */
export function answerWith(pieces: Pieces, {contentType, status = 200, headers = {}}: AnswerOptions): Reply {
  return async (exchange) => {
    exchange.head(status, {'content-type': contentType, ...headers})
    for (const piece of pieces) await exchange.write(piece)
    exchange.end()
  }
}

/** Sends the pieces, then neither sends more nor hangs up; with no pieces not even the headers. */
export function stallAfter(pieces: Pieces, options: AnswerOptions): Reply {
  return async (exchange) => {
    if (pieces.length === 0) return
    exchange.head(options.status ?? 200, {'content-type': options.contentType})
    for (const piece of pieces) await exchange.write(piece)
  }
}

/** Sends the pieces and takes the connection away; with `beforeHeaders` without having said anything. */
export function cutAfter(pieces: Pieces, options: AnswerOptions & {beforeHeaders?: boolean}): Reply {
  return async (exchange) => {
    if (!options.beforeHeaders) {
      exchange.head(200, {'content-type': options.contentType})
      for (const piece of pieces) await exchange.write(piece)
    }
    exchange.cut()
  }
}

/** Sends the pieces over and over, one in `everyMs` milliseconds, until the other side hangs up. */
export function trickle(pieces: Pieces, everyMs: number, options: AnswerOptions): Reply {
  return async (exchange) => {
    exchange.head(200, {'content-type': options.contentType})
    for (let index = 0; !exchange.isClosed; index++) {
      await exchange.write(pieces[index % pieces.length] as string)
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  }
}
