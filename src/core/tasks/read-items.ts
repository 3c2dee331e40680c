import {open} from 'node:fs/promises'
import type {Readable} from 'node:stream'
import {HelixError, messageOf} from '../errors/helix-error.js'

/** What one task is made for: its columns as bytes; most items have one. */
export interface Item extends ReadonlyArray<Buffer> {
  /** It was split into columns, however many it turned out to have. */
  readonly isRow?: true
}

/** Splits a stream at newlines (or NUL bytes), one item each, as bytes; a last one without its end counts too. */
export async function* readItems(input: Readable, separator: 0 | 10 = 10, columns?: RegExp): AsyncGenerator<Item[]> {
  let rest: Buffer = Buffer.alloc(0)
  const split = columns ? (line: Buffer) => splitColumns(line, columns) : (line: Buffer) => [line]
  for await (const chunk of input as AsyncIterable<Buffer>) {
    const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const items: Item[] = []
    let from = 0
    for (let at = data.indexOf(separator); at >= 0; at = data.indexOf(separator, from)) {
      items.push(split(data.subarray(from, at)))
      from = at + 1
    }
    rest = data.subarray(from)
    if (items.length > 0) yield items
  }
  if (rest.length > 0) yield [split(rest)]
}

/** A file to read items from. Throws `usage` when it cannot be read. */
export async function openItems(file: string): Promise<Readable> {
  try {
    return (await open(file)).createReadStream()
  } catch (error) {
    throw new HelixError('usage', `the items cannot be read: ${messageOf(error)}`, {code: 'ITEMS_UNREADABLE', cause: error})
  }
}

/** Reads what separates columns, as a regular expression over bytes. Throws `usage` for one that is none. */
export function parseColumnSeparator(expression: string): RegExp {
  try {
    return new RegExp(Buffer.from(expression).toString('latin1'))
  } catch (error) {
    throw new HelixError('usage', `--colsep is not a regular expression: ${messageOf(error)}`, {code: 'COLSEP_INVALID', cause: error})
  }
}

const BATCH = 1000

/** What stands behind `:::` on a command line: an item for each word, or, of several lists, for each combination, the last one changing first. */
export async function* combineItems(lists: readonly (readonly string[])[], columns?: RegExp): AsyncGenerator<Item[]> {
  const words = lists.map((list) => list.map((word) => Buffer.from(word)))
  const count = words.reduce((product, list) => product * list.length, 1)
  for (let from = 0; from < count; from += BATCH) {
    yield Array.from({length: Math.min(BATCH, count - from)}, (_, index) => {
      const item = combination(words, from + index)
      return columns
        ? Object.assign(
            item.flatMap((column) => [...splitColumns(column, columns)]),
            {isRow: true as const},
          )
        : item
    })
  }
}

/** Takes the lists behind `:::` off a command. Throws `usage` where GNU parallel would read something else. */
export function takeLists(words: readonly string[]): {command: string[]; lists: string[][]} {
  const command: string[] = []
  const lists: string[][] = []
  for (const word of words) {
    if (word === ':::') lists.push([])
    else if (/^:::[:+]+$/.test(word))
      throw new HelixError('usage', `${word} is not supported`, {
        code: 'ITEMS_INVALID',
        hint: 'Give lists behind :::, a file with --arg-file, or lines on stdin.',
      })
    else (lists.at(-1) ?? command).push(word)
  }
  return {command, lists}
}

function combination(lists: readonly (readonly Buffer[])[], index: number): Buffer[] {
  let rest = index
  return lists
    .toReversed()
    .map((list) => {
      const word = list[rest % list.length] as Buffer
      rest = Math.floor(rest / list.length)
      return word
    })
    .reverse()
}

/** As GNU parallel does, without the white space around each column. */
function splitColumns(line: Buffer, separator: RegExp): Item {
  const columns = line
    .toString('latin1')
    .split(separator)
    .map((column) => Buffer.from((column ?? '').replace(/^[ \t\n\r\f]+|[ \t\n\r\f]+$/g, ''), 'latin1'))
  return Object.assign(columns, {isRow: true as const})
}
