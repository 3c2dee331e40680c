import {chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from '@jest/globals'
import {EncryptedFile} from '../../../src/core/security/encrypted-file.js'

let root: string
let secrets: EncryptedFile
const file = () => join(root, 'data', 'secrets.json')
const keyFile = () => join(root, 'config', 'secrets.key')
const open = () => new EncryptedFile({configDir: join(root, 'config'), dataDir: join(root, 'data')})

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'helix-secrets-'))
  secrets = open()
})

afterEach(() => rmSync(root, {force: true, recursive: true}))

describe('the file of secrets', () => {
  it('gives back what was put in, to another process too, until it is removed', async () => {
    await secrets.set('provider/openai', 'sk-1')
    await secrets.set('provider/openai', 'sk-2 ü')
    expect(await open().get('provider/openai')).toBe('sk-2 ü')
    expect(await open().placeOf('provider/openai')).toBe('file')
    await secrets.remove('provider/openai')
    expect(await open().placeOf('provider/openai')).toBeUndefined()
  })

  it('is readable by its owner only, and tells nothing without its key', async () => {
    await secrets.set('provider/openai', 'sk-visible')
    for (const path of [file(), keyFile()]) {
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(readFileSync(path).includes('sk-visible')).toBe(false)
    }
    rmSync(keyFile())
    await expect(open().get('provider/openai')).rejects.toMatchObject({kind: 'config', message: expect.stringContaining('is missing')})
  })

  it('seals the same secret differently each time', async () => {
    await secrets.set('a', 'same')
    await secrets.set('b', 'same')
    const content = JSON.parse(readFileSync(file(), 'utf8'))
    expect(content.secrets.a.data).not.toBe(content.secrets.b.data)
  })

  it('refuses what was changed, and a secret moved to another name', async () => {
    await secrets.set('a', 'first')
    await secrets.set('b', 'second')
    const content = JSON.parse(readFileSync(file(), 'utf8'))
    writeFileSync(file(), JSON.stringify({version: 1, secrets: {...content.secrets, a: content.secrets.b}}))
    await expect(secrets.get('a')).rejects.toMatchObject({kind: 'config', code: 'SECRETS_UNREADABLE'})
    expect(await secrets.get('b')).toBe('second')
  })

  it.each(['', '{', '[]', '{"version":2,"secrets":{}}', '{"version":1,"secrets":null}'])('that holds %j is refused, and stays as it is', async (content) => {
    await secrets.set('a', 'first')
    writeFileSync(file(), content)
    await expect(secrets.set('b', 'second')).rejects.toMatchObject({kind: 'config', code: 'SECRETS_UNREADABLE'})
    expect(readFileSync(file(), 'utf8')).toBe(content)
  })

  it('is not used with a key that others can read', async () => {
    await secrets.set('a', 'first')
    chmodSync(keyFile(), 0o644)
    await expect(secrets.get('a')).rejects.toMatchObject({kind: 'denied', code: 'KEY_FILE_OPEN'})
  })

  it('keeps what many write at once, under one key', async () => {
    const names = Array.from({length: 12}, (_, index) => `provider/${index}`)
    await Promise.all(names.map((name) => open().set(name, `secret of ${name}`)))
    expect(await Promise.all(names.map((name) => open().get(name)))).toEqual(names.map((name) => `secret of ${name}`))
  })

  it('holds a name that objects have of themselves', async () => {
    expect(await secrets.placeOf('constructor')).toBeUndefined()
    await secrets.set('constructor', 'mine')
    expect(await open().get('constructor')).toBe('mine')
  })
})
