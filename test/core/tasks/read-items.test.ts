import {Readable} from 'node:stream'
import {describe, expect, test} from '@jest/globals'
import {readItems} from '../../../src/core/tasks/read-items.js'

async function itemsOf(chunks: readonly (string | Buffer)[], separator?: 0 | 10): Promise<string[]> {
  const items: Buffer[] = []
  const input = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
  for await (const batch of readItems(input, separator)) items.push(...batch)
  return items.map((item) => item.toString('latin1'))
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
    expect((await items.next()).value).toEqual([Buffer.from('early')])
    input.push('te')
    input.push(null)
    expect((await items.next()).value).toEqual([Buffer.from('late')])
  })
})
