import {spawnSync} from 'node:child_process'
import {describe, expect, test} from '@jest/globals'
import {fillTemplate, isPassable} from '../../../src/core/tasks/task-template.js'
import {argumentBytes} from '../../../src/core/workers/shell-quote.js'
import {describeUnless} from '../../fixtures/describe-unless.js'

function fill(template: readonly string[], item: string | Buffer, number = 1): string[] {
  return fillTemplate(template, [Buffer.from(item)], number).map((argument) => argumentBytes(argument).toString('latin1'))
}

describe('the command of an item', () => {
  test('has the item for every {} and its number for every {#}, inside arguments too', () => {
    expect(fill(['cp', '{}', 'out/{#}-{}.bak'], 'a b', 7)).toEqual(['cp', 'a b', 'out/7-a b.bak'])
    expect(fill(['{}{}', '{#}{#}', '{}{#}{}'], 'x', 12)).toEqual(['xx', '1212', 'x12x'])
  })

  test('has the item at its end when no argument has {}', () => {
    expect(fill(['gzip', '-9'], 'file')).toEqual(['gzip', '-9', 'file'])
  })

  test('has it nowhere else where there is any other replacement string, as with GNU parallel', () => {
    expect(fill(['echo', '{#}'], 'file', 3)).toEqual(['echo', '3'])
    expect(fill(['echo', '{.}'], 'a.b')).toEqual(['echo', 'a'])
  })

  test('has its columns by their position, from the end too, and all of them for {}', () => {
    const item = ['a/b.c', 'd', ''].map((column) => Buffer.from(column))
    expect(fillTemplate(['{2}{1/.}', '{-2}', '[{3}]', '[{9}]', '{}', '{/}'], item, 1)).toEqual(['db', 'd', '[]', '[]', 'a/b.c d ', 'b.c d '])
  })

  test('leaves a position alone that an item without columns cannot have, such as that of a regular expression', () => {
    expect(fill(['grep', '-E', '[0-9]{4}', '{1}'], 'file')).toEqual(['grep', '-E', '[0-9]{4}', 'file'])
  })

  test('takes the item as it is: no quoting, no second replacement, braces left alone', () => {
    expect(fill(['echo', '{}'], `$(id) 'x' "y" ; \\`)).toEqual(['echo', `$(id) 'x' "y" ; \\`])
    expect(fill(['echo', '{}'], '{} {#}', 2)).toEqual(['echo', '{} {#}'])
    expect(fill(['echo', '{ }', '{x}', '{', '}', '{}'], 'i')).toEqual(['echo', '{ }', '{x}', '{', '}', 'i'])
    expect(fill(['{}{1}'], '$& $1 {1}')).toEqual(['$& $1 {1}$& $1 {1}'])
    expect(fill(['echo', '{}'], '')).toEqual(['echo', ''])
  })

  test('keeps bytes that are not UTF-8', () => {
    expect(fill(['cat', 'pre-{}'], Buffer.from([0x66, 0xff, 0x80]))).toEqual(['cat', 'pre-f\xff\x80'])
    expect(fillTemplate(['cat', '{}'], [Buffer.from([0xff])], 1)).toEqual(['cat', {base64: '/w=='}])
    expect(fillTemplate(['ü{}'], [Buffer.from('ö')], 1)).toEqual(['üö'])
  })

  test('cannot hold a NUL byte', () => {
    expect(isPassable('fine')).toBe(true)
    expect(isPassable({base64: Buffer.from([1, 0, 2]).toString('base64')})).toBe(false)
  })
})

const PATHS = [
  'a/b.c/d.tar.gz',
  'plain',
  '.bashrc',
  'dir/.hidden',
  '/x',
  '/',
  '//',
  'a/',
  'a/b/',
  'a.b/c',
  '..',
  'x.',
  'a//b.c',
  '//b',
  'a//',
  './f.e',
  '',
  'ü/ö.ä',
]
const version = spawnSync('parallel', ['--version'], {encoding: 'utf8'})

describeUnless(version.stdout?.startsWith('GNU parallel') ? undefined : 'there is no GNU parallel', 'beside GNU parallel', () => {
  test('a path has the same parts', () => {
    const template = ['printf', '%s\\n', '[{}] [{.}] [{/}] [{//}] [{/.}] [{#}]']
    const {stdout} = spawnSync('parallel', ['--will-cite', '-k', '-q', ...template], {input: PATHS.join('\n'), encoding: 'utf8'})
    const ours = PATHS.map((path, index) => fill(template, path, index + 1)[2])
    expect(Buffer.from(`${ours.join('\n')}\n`, 'latin1').toString()).toBe(stdout)
  })
})
