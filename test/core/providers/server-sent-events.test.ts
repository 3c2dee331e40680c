import {describe, expect, it} from '@jest/globals'
import {readServerSentEvents, type ServerSentEvent} from '../../../src/core/providers/server-sent-events.js'
import {splitBytes} from '../../../src/core/providers/testing/split-bytes.js'

async function* bodyOf(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces
}

async function readLists(pieces: Iterable<Uint8Array>): Promise<ServerSentEvent[][]> {
  const lists: ServerSentEvent[][] = []
  for await (const list of readServerSentEvents(bodyOf(pieces))) lists.push(list)
  return lists
}

async function read(text: string, size = Number.POSITIVE_INFINITY): Promise<ServerSentEvent[]> {
  return (await readLists(splitBytes(Buffer.from(text), size))).flat()
}

const EVENTS = [{data: '{"text":"Köln 🏙"}'}, {event: 'delta', data: 'one\ntwo'}, {data: ''}]
const LINES = [
  'data: {"text":"Köln 🏙"}',
  '',
  ': a comment',
  'id: 7',
  'retry: 100',
  '',
  'event: delta',
  'data:one',
  'data: two',
  'unknown: x',
  '',
  'data',
  '',
  '',
]

describe('server-sent events', () => {
  it.each(['\n', '\r\n', '\r'])('are read with lines that end in %j, wherever the network splits them', async (end) => {
    // What follows shows that a single \r has ended the last line.
    for (const size of [1, 2, 3, 7, 1000]) expect(await read(`${LINES.join(end)}: end\n`, size)).toEqual(EVENTS)
  })

  it('that arrive together come in one list', async () => {
    const pieces = ['data: 1\n\ndata: 2\n\nda', 'ta: 3\n', '\n'].map((piece) => Buffer.from(piece))
    expect(await readLists(pieces)).toEqual([[{data: '1'}, {data: '2'}], [{data: '3'}]])
  })

  it('begin after a byte order mark', async () => {
    expect(await read('\uFEFFdata: 1\n\n', 1)).toEqual([{data: '1'}])
  })

  it.each(['data: 1', 'data: 1\n', 'data: 1\nda'])('are none where the body ends before they do: %j', async (text) => {
    expect(await read(text)).toEqual([])
  })

  it('without an end are given up', async () => {
    const piece = Buffer.from(`data: ${'a'.repeat(1024 * 1024)}`)
    await expect(readLists(Array.from({length: 70}, () => piece))).rejects.toThrow(/exceeded/)
  })

  it('reject where the body does', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('data: 1\n\n')
      throw new Error('cut')
    }
    const events: ServerSentEvent[] = []
    const reading = async () => {
      for await (const list of readServerSentEvents(broken())) events.push(...list)
    }
    await expect(reading()).rejects.toThrow('cut')
    expect(events).toEqual([{data: '1'}])
  })
})
