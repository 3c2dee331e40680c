import type {Readable} from 'node:stream'

/** Splits a stream at newlines (or NUL bytes), one item each, as bytes; a last one without its end counts too. */
export async function* readItems(input: Readable, separator: 0 | 10 = 10): AsyncGenerator<Buffer[]> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of input as AsyncIterable<Buffer>) {
    const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const items: Buffer[] = []
    let from = 0
    for (let at = data.indexOf(separator); at >= 0; at = data.indexOf(separator, from)) {
      items.push(data.subarray(from, at))
      from = at + 1
    }
    rest = data.subarray(from)
    if (items.length > 0) yield items
  }
  if (rest.length > 0) yield [rest]
}
