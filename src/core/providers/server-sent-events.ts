import {createParser, type ParseError} from 'eventsource-parser'

/** Characters of one event; a longer one is nothing that a model meant. */
const LONGEST_EVENT = 64 * 1024 * 1024

export interface ServerSentEvent {
  /** Absent where the server names none. */
  event?: string
  data: string
}

/**
 * The server-sent events in the body of an answer. Those that arrive together come in one list, so that reading costs a turn for each piece
 * of the network and not for each event. An event that is cut off by the end is left out. Rejects where the body does, and for an event of
 * more than 64 Mi characters. Source of the format: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function* readServerSentEvents(body: AsyncIterable<Uint8Array> | null): AsyncGenerator<ServerSentEvent[]> {
  let events: ServerSentEvent[] = []
  const parser = createParser({
    maxBufferSize: LONGEST_EVENT,
    onEvent: ({event, data}) => void events.push({data, ...(event !== undefined && {event})}),
    onError: throwIfTooLong,
  })
  const decoder = new TextDecoder()
  for await (const chunk of body ?? []) {
    parser.feed(decoder.decode(chunk, {stream: true}))
    if (events.length === 0) continue
    yield events
    events = []
  }
}

// Fields that nobody knows are no reason to stop.
function throwIfTooLong(error: ParseError): void {
  if (error.type === 'max-buffer-size-exceeded') throw error
}
