import {execFileSync, spawn} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {build} from 'esbuild'
import {readHostKey} from '../../../src/core/ssh/host-key.js'
import {lookupHostKeys} from '../../../src/core/ssh/known-hosts.js'
import {rememberHostKey} from '../../../src/core/ssh/remember-host-key.js'

let folder: string
let file: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-known-hosts-'))
})
afterAll(() => rmSync(folder, {recursive: true}))

// The wire format of an ed25519 key with random content.
function newKey(): string {
  const type = Buffer.from('\0\0\0\u000bssh-ed25519\0\0\0 ', 'latin1')
  return Buffer.concat([type, randomBytes(32)]).toString('base64')
}

function write(content: string): void {
  file = join(folder, `known_hosts-${randomBytes(4).toString('hex')}`)
  writeFileSync(file, content)
}

async function known(host: string, port = 22): Promise<string[]> {
  return (await lookupHostKeys([file], host, port)).known.map(({blob}) => blob.toString('base64'))
}

describe('a known_hosts file', () => {
  test('names hosts plainly, in lists, with wildcards and exceptions, with a port, in any case', async () => {
    const keys = Array.from({length: 5}, newKey)
    write(
      [
        `alpha,10.0.0.1 ssh-ed25519 ${keys[0]} a comment`,
        `*.example.com,!bad.example.com ssh-ed25519 ${keys[1]}`,
        `[alpha]:2222 ssh-ed25519 ${keys[2]}`,
        `[*.example.com]:2222 ssh-ed25519 ${keys[3]}`,
        `host? ssh-ed25519 ${keys[4]}`,
      ].join('\n'),
    )
    expect(await known('ALPHA')).toEqual([keys[0]])
    expect(await known('10.0.0.1')).toEqual([keys[0]])
    expect(await known('www.example.com')).toEqual([keys[1]])
    expect(await known('bad.example.com')).toEqual([])
    expect(await known('alpha', 2222)).toEqual([keys[2]])
    expect(await known('www.example.com', 2222)).toEqual([keys[3]])
    expect(await known('host1')).toEqual([keys[4]])
    expect(await known('host12')).toEqual([])
  })

  test('names hosts as ssh-keygen -H hashes them', async () => {
    const [one, two] = [newKey(), newKey()]
    write(`alpha ssh-ed25519 ${one}\n[alpha]:2222 ssh-ed25519 ${two}\n`)
    execFileSync('ssh-keygen', ['-H', '-f', file], {stdio: 'ignore'})
    expect(readFileSync(file, 'utf8')).not.toContain('alpha')
    expect(await known('Alpha')).toEqual([one])
    expect(await known('alpha', 2222)).toEqual([two])
    expect(await known('beta')).toEqual([])
  })

  test('revokes keys, and what a certificate authority signs is not taken for the host key', async () => {
    const [revoked, authority] = [newKey(), newKey()]
    write(`@revoked * ssh-ed25519 ${revoked}\n@cert-authority alpha ssh-ed25519 ${authority}\n`)
    const keys = await lookupHostKeys([file], 'alpha', 22)
    expect(keys.revoked.map(({blob}) => blob.toString('base64'))).toEqual([revoked])
    expect(keys.known).toEqual([])
  })

  test('may have comments, empty and malformed lines, CRLF, and no newline at its end', async () => {
    const key = newKey()
    write(
      [
        '# alpha comment',
        '',
        'alpha',
        'alpha ssh-ed25519',
        'alpha ssh-ed25519 not*base64',
        'alpha ssh-rsa AAAA',
        `alpha ssh-rsa ${newKey()}`,
        `@unknown alpha ssh-ed25519 ${newKey()}`,
        `|1|broken ssh-ed25519 ${newKey()}`,
        `alpha ssh-ed25519 ${key}`,
      ].join('\r\n'),
    )
    const keys = await lookupHostKeys([file], 'alpha', 22)
    expect(keys.known).toMatchObject([{file, line: 10, blob: Buffer.from(key, 'base64')}])
  })

  test('that is not there knows nobody, one that cannot be read is an error', async () => {
    expect(await lookupHostKeys([join(folder, 'none')], 'alpha', 22)).toEqual({known: [], revoked: []})
    await expect(lookupHostKeys([folder], 'alpha', 22)).rejects.toMatchObject({kind: 'config', code: 'KNOWN_HOSTS_UNREADABLE'})
  })
})

describe('remembering a host key', () => {
  const keyOf = (base64: string) => readHostKey(Buffer.from(base64, 'base64'))!

  test('makes the file, and its folder, for the user alone; the same key is written once', async () => {
    file = join(folder, 'new', 'deep', 'known_hosts')
    const key = newKey()
    await rememberHostKey(file, 'Alpha', 2222, keyOf(key))
    await rememberHostKey(file, 'alpha', 2222, keyOf(key))
    expect(readFileSync(file, 'utf8')).toBe(`[alpha]:2222 ssh-ed25519 ${key}\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700)
    expect(await known('alpha', 2222)).toEqual([key])
  })

  test('does not join onto a last line that has no newline', async () => {
    const [one, two] = [newKey(), newKey()]
    write(`alpha ssh-ed25519 ${one}`)
    await rememberHostKey(file, 'beta', 22, keyOf(two))
    expect(await known('alpha')).toEqual([one])
    expect(await known('beta')).toEqual([two])
  })

  test('by 8 processes at once loses and mangles no line', async () => {
    const script = join(folder, 'writer.mjs')
    const source = `
      import {readHostKey} from './src/core/ssh/host-key.ts'
      import {rememberHostKey} from './src/core/ssh/remember-host-key.ts'
      const [file, name] = process.argv.slice(2)
      const keys = process.argv.slice(4)
      for (const [index, key] of keys.entries()) await rememberHostKey(file, name + index, 22, readHostKey(Buffer.from(key, 'base64')))`
    await build({stdin: {contents: source, resolveDir: process.cwd()}, bundle: true, platform: 'node', format: 'esm', outfile: script})
    const first = newKey()
    write(`alpha ssh-ed25519 ${first}`)
    const keys = Array.from({length: 8}, () => Array.from({length: 25}, newKey))
    const codes = await Promise.all(
      keys.map((own, writer) => {
        const child = spawn(process.execPath, [script, file, `host-${writer}-`, ...own], {stdio: 'inherit'})
        return new Promise((resolve) => child.once('exit', resolve))
      }),
    )
    expect(codes).toEqual(Array(8).fill(0))
    expect(await known('alpha')).toEqual([first])
    for (const [writer, own] of keys.entries()) {
      for (const [index, key] of own.entries()) expect(await known(`host-${writer}-${index}`)).toEqual([key])
    }
    expect(existsSync(file)).toBe(true)
  })
})
