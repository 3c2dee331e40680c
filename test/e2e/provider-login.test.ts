import {chmodSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals'
import type {HelixResult} from '../fixtures/helix.js'
import {KEY, ModelUser} from '../fixtures/model-user.js'
import {says} from '../fixtures/openai-server.js'

describe('a key that was given to helix provider login', () => {
  let user: ModelUser
  let secrets: string
  let secretsKey: string

  beforeEach(async () => {
    user = await ModelUser.start({}, {})
    user.server.serve('m', says('Hello'))
    secrets = join(user.home.dataDir, 'secrets.json')
    secretsKey = join(user.home.configDir, 'secrets.key')
  })

  afterEach(() => user.server.stop())

  const login = (provider: string, key: string | Buffer, ...args: string[]) => user.home.run(['provider', 'login', provider, ...args], {input: key})
  const keyOf = async (id: string) => {
    const {providers} = JSON.parse((await user.home.run(['provider', 'list', '--json'])).stdout) as {providers: {id: string; key: string | null}[]}
    return providers.find((provider) => provider.id === id)?.key
  }
  const sentKey = async (env: NodeJS.ProcessEnv = {}) => {
    expect(await user.chat('m', [], {env})).toMatchObject({code: 0})
    return user.server.requests.at(-1)?.headers.authorization
  }
  const expectLine = ({code, stdout, stderr}: HelixResult, exit: number, message: RegExp) => {
    expect([code, stdout]).toEqual([exit, ''])
    expect(stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
    expect(stderr).toMatch(message)
  }

  test('is kept encrypted in files that only the user can read, is sent, and is gone after logout', async () => {
    const stored = await login('openai', `${KEY}\n`, '--json')
    expect(stored).toMatchObject({code: 0, stderr: expect.stringMatching(/^helix: [^\n]*encrypted file\n$/)})
    expect(JSON.parse(stored.stdout)).toEqual({provider: 'openai', stored_in: 'file'})
    expect([secrets, secretsKey].map((file) => (statSync(file).mode & 0o777).toString(8))).toEqual(['600', '600'])
    expect(readFileSync(secrets, 'utf8')).not.toContain(KEY)
    expect(await keyOf('openai')).toBe('login')
    expect(await sentKey()).toBe(`Bearer ${KEY}`)
    expect(await user.home.run(['provider', 'logout', 'openai'])).toMatchObject({code: 0, stdout: 'Removed the key of openai.\n', stderr: ''})
    expect(await keyOf('openai')).toBe(null)
    expect(await sentKey()).toBe(undefined)
    expect(await user.home.run(['provider', 'logout', 'openai'])).toMatchObject({code: 0, stdout: 'No key of openai was stored.\n'})
  })

  test('is replaced by the next one, and a variable wins over it', async () => {
    await login('openai', 'sk-first')
    await login('openai', 'sk-second')
    expect(await sentKey()).toBe('Bearer sk-second')
    const env = {OPENAI_API_KEY: 'sk-variable'}
    expect(await sentKey(env)).toBe('Bearer sk-variable')
    const gone = await user.home.run(['provider', 'logout', 'openai'], {env})
    expect(gone).toMatchObject({code: 0, stderr: expect.stringContaining('openai still has a key: env:OPENAI_API_KEY')})
  })

  test('is kept beside another that is given at the same time', async () => {
    user.configure({}, {one: {type: 'openai', base_url: user.server.url}, two: {type: 'openai', base_url: user.server.url}})
    const logins = await Promise.all([login('one', 'sk-one'), login('two', 'sk-two'), login('openai', 'sk-openai')])
    expect(logins.map(({code}) => code)).toEqual([0, 0, 0])
    for (const id of ['one', 'two', 'openai']) {
      expect(await user.home.run(['chat', '-m', `${id}/m`, '-p', 'hello'])).toMatchObject({code: 0})
      expect(user.server.requests.at(-1)?.headers.authorization).toBe(`Bearer sk-${id}`)
    }
  })

  test.each<[what: string, provider: string, key: string | Buffer, says: RegExp]>([
    ['for a provider that needs none', 'llamacpp', KEY, /llamacpp needs no key/],
    ['that is empty', 'openai', '', /no key was given/],
    ['that is white space', 'openai', ' \n', /no key was given/],
    ['with a space in it', 'openai', 'sk one', /is no API key/],
    ['of two lines', 'openai', 'sk-one\nsk-two\n', /is no API key/],
    ['with a control character', 'openai', 'sk-\u001b[2J', /is no API key/],
    ['of other letters', 'openai', 'sk-ключ', /is no API key/],
    ['that is no text', 'openai', Buffer.from([0xff, 0xfe, 0x00]), /not UTF-8/],
    ['that is far too long', 'openai', 'k'.repeat(5000), /is no API key/],
  ])('is refused in a line with exit code 2, and not repeated: one %s', async (_, provider, key, message) => {
    const refused = await login(provider, key)
    expectLine(refused, 2, message)
    const word = key.toString().trim().split(/\s/)[0]
    if (word) expect(refused.stderr).not.toContain(word)
    expect(await keyOf(provider)).toBe(null)
  })

  test.each<[what: string, spoil: (content: {secrets: Record<string, {data: string; tag: string}>}) => unknown]>([
    ['its text was changed', ({secrets: {'provider/openai': sealed}}) => Object.assign(sealed!, {data: Buffer.from('other').toString('base64')})],
    ['its tag was cut', ({secrets: {'provider/openai': sealed}}) => Object.assign(sealed!, {tag: 'AAAA'})],
    ['it was put in the place of another', (content) => Object.assign(content.secrets, {'provider/openai': content.secrets['provider/vllm']})],
    ['it has lost its parts', (content) => Object.assign(content.secrets, {'provider/openai': {}})],
    ['it is a number', (content) => Object.assign(content.secrets, {'provider/openai': 7})],
    ['the secrets are no object', (content) => Object.assign(content, {secrets: null})],
  ])('is not used when %s: exit code 78', async (_, spoil) => {
    user.configure({}, {vllm: {type: 'openai', base_url: user.server.url}})
    await login('openai', KEY)
    await login('vllm', 'sk-vllm')
    const content = JSON.parse(readFileSync(secrets, 'utf8'))
    spoil(content)
    writeFileSync(secrets, JSON.stringify(content))
    const refused = await user.chat('m')
    expectLine(refused, 78, /secrets\.json .*\n.*helix provider login/)
    expect(refused.stderr).not.toContain(KEY)
    expect(user.server.requests).toEqual([])
    expect(user.sessions()).toEqual([])
  })

  test('is not used when its file is no JSON, or the key to it is gone or another: exit code 78', async () => {
    await login('openai', KEY)
    const good = readFileSync(secrets)
    writeFileSync(secrets, '{"version": 1, "secr')
    expectLine(await user.chat('m'), 78, /secrets\.json is not a file of secrets/)
    expectLine(await login('openai', KEY), 78, /secrets\.json is not a file of secrets/)
    writeFileSync(secrets, good)
    writeFileSync(secretsKey, Buffer.alloc(32, 7))
    expectLine(await user.chat('m'), 78, /secrets\.json was changed, or belongs to another key/)
    writeFileSync(secretsKey, 'short')
    expectLine(await user.chat('m'), 78, /secrets\.key is not a key/)
    rmSync(secretsKey)
    expectLine(await user.chat('m'), 78, /secrets\.key is missing/)
    expect(await login('openai', KEY)).toMatchObject({code: 0})
    expect(await sentKey()).toBe(`Bearer ${KEY}`)
  })

  test('is not used while others can read the key to it: exit code 77, and what to do', async () => {
    await login('openai', KEY)
    chmodSync(secretsKey, 0o644)
    expectLine(await user.chat('m'), 77, /secrets\.key can be read by others\nRun: chmod 600 \S+secrets\.key/)
    expectLine(await login('openai', KEY), 77, /secrets\.key can be read by others/)
    expect(user.server.requests).toEqual([])
    chmodSync(secretsKey, 0o600)
    expect(await sentKey()).toBe(`Bearer ${KEY}`)
  })
})
