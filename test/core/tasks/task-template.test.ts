import {describe, expect, test} from '@jest/globals'
import {fillTemplate, isPassable} from '../../../src/core/tasks/task-template.js'
import {argumentBytes} from '../../../src/core/workers/shell-quote.js'

function fill(template: readonly string[], item: string | Buffer, number = 1): string[] {
  return fillTemplate(template, Buffer.from(item), number).map((argument) => argumentBytes(argument).toString('latin1'))
}

describe('the command of an item', () => {
  test('has the item for every {} and its number for every {#}, inside arguments too', () => {
    expect(fill(['cp', '{}', 'out/{#}-{}.bak'], 'a b', 7)).toEqual(['cp', 'a b', 'out/7-a b.bak'])
    expect(fill(['{}{}', '{#}{#}', '{}{#}{}'], 'x', 12)).toEqual(['xx', '1212', 'x12x'])
  })

  test('has the item at its end when no argument has {}', () => {
    expect(fill(['gzip', '-9'], 'file')).toEqual(['gzip', '-9', 'file'])
    expect(fill(['echo', '{#}'], 'file', 3)).toEqual(['echo', '3', 'file'])
  })

  test('takes the item as it is: no quoting, no second replacement, braces left alone', () => {
    expect(fill(['echo', '{}'], `$(id) 'x' "y" ; \\`)).toEqual(['echo', `$(id) 'x' "y" ; \\`])
    expect(fill(['echo', '{}'], '{} {#}', 2)).toEqual(['echo', '{} {#}'])
    expect(fill(['echo', '{ }', '{1}', '{', '}', '{}'], 'i')).toEqual(['echo', '{ }', '{1}', '{', '}', 'i'])
    expect(fill(['echo', '{}'], '')).toEqual(['echo', ''])
  })

  test('keeps bytes that are not UTF-8', () => {
    expect(fill(['cat', 'pre-{}'], Buffer.from([0x66, 0xff, 0x80]))).toEqual(['cat', 'pre-f\xff\x80'])
    expect(fillTemplate(['cat', '{}'], Buffer.from([0xff]), 1)).toEqual(['cat', {base64: '/w=='}])
    expect(fillTemplate(['ü{}'], Buffer.from('ö'), 1)).toEqual(['üö'])
  })

  test('cannot hold a NUL byte', () => {
    expect(isPassable('fine')).toBe(true)
    expect(isPassable({base64: Buffer.from([1, 0, 2]).toString('base64')})).toBe(false)
  })
})
