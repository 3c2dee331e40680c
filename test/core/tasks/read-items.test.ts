import {Readable} from 'node:stream'
import {describe, expect, test} from '@jest/globals'
import {combineItems, type Item, openItems, parseColumnSeparator, readItems, takeLists} from '../../../src/core/tasks/read-items.js'

async function itemsOf(chunks: readonly (string | Buffer)[], separator?: 0 | 10): Promise<string[]> {
  const input = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
  return (await columnsOf(readItems(input, separator))).map(([column = 'none', ...more]) => column + more.join(' and '))
}

async function columnsOf(batches: AsyncIterable<readonly Item[]>): Promise<string[][]> {
  const items: Item[] = []
  for await (const batch of batches) items.push(...batch)
  return items.map((item) => item.map((column) => column.toString('latin1')))
}

describe('the items of a stream', () => {
  test('are its lines, empty ones too, with and without a newline at the end', async () => {
    expect(await itemsOf(['a\n\nb\n'])).toEqual(['a', '', 'b'])
    expect(await itemsOf(['a\nb'])).toEqual(['a', 'b'])
    expect(await itemsOf(['\n'])).toEqual([''])
    expect(await itemsOf([])).toEqual([])
  })

  test('keep every byte: carriage returns, tabs, bytes that are not UTF-8', async () => {
    expect(await itemsOf([Buffer.from('x\r\n\t y \n\xff\xfe\x80\n\xc3', 'latin1')])).toEqual(['x\r', '\t y ', '\xff\xfe\x80', '\xc3'])
  })

  test('end with NUL where that is asked for, and then hold newlines', async () => {
    expect(await itemsOf(['a\nb\0\0c'], 0)).toEqual(['a\nb', '', 'c'])
    expect(await itemsOf(['a\0b\n'])).toEqual(['a\0b'])
  })

  test('are the same wherever the stream was cut', async () => {
    const text = Buffer.from('one\ntwo ü\n\nthree')
    for (let at = 0; at <= text.length; at++) expect(await itemsOf([text.subarray(0, at), text.subarray(at)])).toEqual(await itemsOf([text]))
    expect(await itemsOf([...text].map((byte) => Buffer.from([byte])))).toEqual(await itemsOf([text]))
  })

  test('come while the stream is still open', async () => {
    const input = new Readable({read() {}})
    input.push('early\nla')
    const items = readItems(input)
    expect((await items.next()).value).toEqual([[Buffer.from('early')]])
    input.push('te')
    input.push(null)
    expect((await items.next()).value).toEqual([[Buffer.from('late')]])
  })
})

describe('the columns of an item', () => {
  test('stand between what matches the separator, without the spaces around them', async () => {
    const input = Readable.from([Buffer.from('a , b,,\nc\n')])
    expect(await columnsOf(readItems(input, 10, parseColumnSeparator(',')))).toEqual([['a', 'b', '', ''], ['c']])
    expect(() => parseColumnSeparator('(')).toThrow(/not a regular expression/)
  })

  test('are, of several lists, every combination, the last list changing first', async () => {
    expect(
      await columnsOf(
        combineItems([
          ['a', 'b'],
          ['x', 'y'],
        ]),
      ),
    ).toEqual([
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'x'],
      ['b', 'y'],
    ])
    expect(await columnsOf(combineItems([['a'], []]))).toEqual([])
  })
})

describe('what stands behind :::', () => {
  test('is taken off the command', () => {
    expect(takeLists(['echo', '{}', ':::', 'a', '--json', ':::', 'x'])).toEqual({command: ['echo', '{}'], lists: [['a', '--json'], ['x']]})
    expect(takeLists(['echo'])).toEqual({command: ['echo'], lists: []})
    expect(() => takeLists(['echo', '::::', 'file'])).toThrow(/not supported/)
  })
})

test('a file of items that is not there is said', async () => {
  await expect(openItems('/nowhere/items')).rejects.toThrow(/the items cannot be read: .*ENOENT/)
})
