/** Characters; a longer event is not the API's, or nothing that a model meant. */
const LONGEST_EVENT = 64 * 1024 * 1024

/** What the events of a stream say, those together that came together. */
export async function* readEvents({body}: Response): AsyncGenerator<string[]> {
  const {createParser} = await import('eventsource-parser')
  const decoder = new TextDecoder()
  let texts: string[] = []
  let failure: Error | undefined
  const parser = createParser({
    maxBufferSize: LONGEST_EVENT,
    onEvent: ({data}) => void texts.push(data),
    onError: (error) => {
      // Fields that nobody knows are to be passed over.
      if (error.type === 'max-buffer-size-exceeded') failure = error
    },
  })
  for await (const chunk of body ?? []) {
    parser.feed(decoder.decode(chunk, {stream: true}))
    yield texts
    texts = []
    if (failure) throw failure
  }
}
