/** The bytes, cut into pieces of so many. */
export function* splitBytes(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

/** A fetch that hands on what comes over the socket in pieces of so many bytes. What is written in pieces may arrive in larger ones. */
export function splittingFetch(size: number): typeof fetch {
  return async (...request) => {
    const {body, status, headers} = await fetch(...request)
    return new Response(body && ReadableStream.from(splitChunks(body, size)), {status, headers})
  }
}

async function* splitChunks(body: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield* splitBytes(chunk, size)
}
