import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {readKnownHostsLines} from '../../../src/core/ssh/known-hosts.js'
import {listConfigHosts} from '../../../src/core/ssh/list-config-hosts.js'
import {isHashed, listKnownHosts} from '../../../src/core/ssh/list-known-hosts.js'

const KEY = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.alloc(36, 7)]).toString('base64')}`

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-hosts-'))
})

afterAll(() => rmSync(folder, {recursive: true}))

const write = (name: string, lines: readonly string[]) => {
  const path = join(folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

describe('the hosts that ssh_config names', () => {
  test('are those of its Host lines, each once where it first stands, and no pattern', async () => {
    const included = write('included.conf', ['Host inside', 'host=equals "with quotes"', 'Host !not *.example box? twice'])
    const config = write('config', [
      'User joe',
      `Include ${included}`,
      'Host first second # third',
      '  HostName elsewhere',
      'Host twice',
      'Match host matched',
      '  Port 1',
    ])
    expect(await listConfigHosts(config)).toEqual([
      {name: 'inside', file: included, line: 1},
      {name: 'equals', file: included, line: 2},
      {name: 'with quotes', file: included, line: 2},
      {name: 'twice', file: included, line: 3},
      {name: 'first', file: config, line: 3},
      {name: 'second', file: config, line: 3},
    ])
    expect(await listConfigHosts('none')).toEqual([])
  })

  test('are those after an included file, too, in a block that goes on after it', async () => {
    const empty = write('empty.conf', ['Host other'])
    const config = write('around', ['Host around', `  Include ${empty}`, '  Port 22', 'Host after'])
    expect((await listConfigHosts(config)).map(({name, line}) => [name, line])).toEqual([
      ['around', 1],
      ['other', 1],
      ['after', 4],
    ])
  })

  test('cannot be listed from a file that cannot be read', async () => {
    await expect(listConfigHosts(join(folder, 'missing'))).rejects.toMatchObject({kind: 'config', code: 'SSH_CONFIG_UNREADABLE'})
  })
})

describe('the hosts that known_hosts names', () => {
  test('are its names in the clear with their ports, those that share a line or a name as one', async () => {
    const file = write('known_hosts', [
      '# a comment',
      `Plain,192.0.2.1 ${KEY}`,
      `[port.example]:2200 ${KEY}`,
      `192.0.2.1 ${KEY}`,
      `[2001:db8::1]:2200,2001:db8::1 ${KEY}`,
      `*.pattern,!not ${KEY}`,
      `@revoked revoked ${KEY}`,
      `@cert-authority authority ${KEY}`,
      `|1|cm9vbXlzYWx0cm9vbXlzYWx0cm8=|cm9vbXlzYWx0cm9vbXlzYWx0cm8= ${KEY}`,
      'broken ssh-ed25519 AAAA',
    ])
    const lines = await readKnownHostsLines([file, file])
    expect(listKnownHosts(lines).map(({target, lines}) => [target, lines.map(({line}) => line)])).toEqual([
      ['plain', [2, 4]],
      ['port.example:2200', [3]],
      ['[2001:db8::1]:2200', [5]],
    ])
    expect(lines.filter(isHashed).map(({line}) => line)).toEqual([9])
  })
})
