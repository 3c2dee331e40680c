import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {placeFiles} from '../../../src/core/tasks/task-files.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-files-'))
  for (const name of ['data.csv', 'a:b']) writeFileSync(join(folder, name), '')
})
afterAll(() => rmSync(folder, {recursive: true}))

const up = (...uploads: string[]) => placeFiles({uploads, downloads: [], folder}).uploads
const down = (...downloads: string[]) => placeFiles({uploads: [], downloads, folder}).downloads
const of = (item: string) => ({item, number: 7})

describe('the files of a task', () => {
  test('are absolute here, and keep their name on the other side unless they are given one', () => {
    const path = join(folder, 'data.csv')
    expect(up('data.csv')).toEqual([{from: path, to: 'data.csv'}])
    expect(up('./data.csv:in/x.csv', `${path}:in/`)).toEqual([
      {from: path, to: 'in/x.csv'},
      {from: path, to: 'in/data.csv'},
    ])
    expect(up('data.csv:/srv/data.csv')).toEqual([{from: path, to: '/srv/data.csv'}])
    expect(down('out/result.txt')).toEqual([{from: 'out/result.txt', to: join(folder, 'result.txt')}])
    expect(down('/var/log/x:logs/')).toEqual([{from: '/var/log/x', to: join(folder, 'logs/x')}])
    expect(down('r:../r')).toEqual([{from: 'r', to: join(folder, '../r')}])
  })

  test('may have a colon in their name when one ends the whole', () => {
    expect(up('a:b:')).toEqual([{from: join(folder, 'a:b'), to: 'a:b'}])
  })

  test.each<[string, () => unknown, string]>([
    ['a file that is missing', () => up('nowhere'), 'UPLOAD_MISSING'],
    ['a place on the worker outside the folder', () => up('data.csv:../x'), 'PATH_LEADS_OUT'],
    ['a source on the worker outside the folder', () => down('a/../../x'), 'PATH_LEADS_OUT'],
    ['no name', () => up(':x'), 'COPY_INVALID'],
    ['the root', () => down('/'), 'COPY_INVALID'],
    ['two for one place', () => up('data.csv', 'a:b:data.csv'), 'COPY_TARGET_REPEATED'],
  ])('are refused for %s', (_, place, code) => {
    expect(place).toThrow(expect.objectContaining({kind: 'usage', code}))
  })

  test('have the line in them with map, byte for byte and after the colon has been found', () => {
    const files = placeFiles({uploads: ['{}:in-{#}'], downloads: ['out:{#}/'], folder}, of('sub/x:y'))
    expect(files).toEqual({
      uploads: [{from: join(folder, 'sub/x:y'), to: 'in-7'}],
      downloads: [{from: 'out', to: join(folder, '7/out')}],
    })
  })

  test('keep the folders of a line, under which the command looks for them, unless those lead elsewhere', () => {
    const names = (line: string) => {
      const {uploads, downloads} = placeFiles({uploads: ['{}'], downloads: ['{}.out'], folder}, of(line))
      return [uploads?.[0]?.to, downloads?.[0]?.to]
    }
    expect(names('sub/x')).toEqual(['sub/x', join(folder, 'sub/x.out')])
    expect(names('/data/x')).toEqual(['x', join(folder, 'x.out')])
    expect(() => names('../x')).toThrow('../x.out leads out of the folder of the task')
  })

  test('that depend on a line may be missing, which is for its task to say; others may not', () => {
    expect(placeFiles({uploads: ['{}'], downloads: [], folder}, of('nowhere')).uploads).toEqual([{from: join(folder, 'nowhere'), to: 'nowhere'}])
    expect(() => placeFiles({uploads: ['nowhere'], downloads: [], folder}, of('x'))).toThrow('to upload')
  })

  test('of several lines must not be brought to one place, nor where only the line says', () => {
    const bring = (text: string, line: string) => () => placeFiles({uploads: [], downloads: [text], folder}, of(line))
    expect(bring('{}/result', 'x')).toThrow('all lines would download to result')
    expect(bring('result:{}', '../../etc/passwd')).toThrow('lead out')
    expect(bring('result:{}', '/etc/passwd')).toThrow('lead out')
    expect(bring('result:../{}', 'x')()).toEqual({downloads: [{from: 'result', to: join(folder, '../x')}]})
  })
})
