import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from '@jest/globals'
import type {LLMProvider} from '../../../src/core/providers/provider.js'
import type {ProviderOptions, ProviderPlugin} from '../../../src/core/providers/provider-plugin.js'
import {ProviderRegistry} from '../../../src/core/providers/provider-registry.js'
import {viewProvider} from '../../../src/core/providers/provider-view.js'
import {Credentials} from '../../../src/core/security/credentials.js'
import {EncryptedFile} from '../../../src/core/security/encrypted-file.js'

let root: string
let opened: ProviderOptions[]
let closed: number

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'helix-registry-'))
  opened = []
  closed = 0
})

afterEach(() => rmSync(root, {force: true, recursive: true}))

function plugin(id: string, more: Partial<ProviderPlugin> = {}): ProviderPlugin {
  return {
    apiVersion: 1,
    id,
    label: id.toUpperCase(),
    settings: {depth: {type: 'integer', minimum: 1, default: 3, description: 'how deep'}},
    baseUrl: `https://${id}.example/v1`,
    keyVariables: [`${id.toUpperCase()}_KEY`, `${id.toUpperCase()}_TOKEN`],
    keyRequired: true,
    open: async (options) => {
      opened.push(options)
      const provider: Partial<LLMProvider> = {
        close: async () => {
          closed += 1
        },
      }
      return provider as LLMProvider
    },
    ...more,
  }
}

interface RegistryParts {
  configured?: Record<string, unknown>
  env?: NodeJS.ProcessEnv
  plugins?: ProviderPlugin[]
}

function registry({configured = {}, env = {}, plugins = [plugin('acme'), plugin('local', {keyRequired: false})]}: RegistryParts = {}): ProviderRegistry {
  const folders = {configDir: join(root, 'config'), dataDir: join(root, 'data')}
  return new ProviderRegistry({plugins, configured, env, placeOf: () => 'helix.json', credentials: new Credentials(folders), dataDir: folders.dataDir})
}

describe('a provider', () => {
  it('is opened with its settings, defaults filled in, and is closed', async () => {
    const provider = await registry({
      configured: {acme: {base_url: 'https://eu.acme.example/', depth: 5, timeouts: {idle: 0.5}}},
      env: {ACME_TOKEN: 'second', ACME_KEY: 'first'},
    }).open('acme')
    expect(opened[0]).toMatchObject({
      id: 'acme',
      apiKey: 'first',
      settings: {base_url: 'https://eu.acme.example', depth: 5},
      retries: 2,
      maxTokens: 32_000,
      timeouts: {connect: 10, firstToken: 300, idle: 0.5, total: 1800},
      packageFolder: join(root, 'data', 'packages', 'acme'),
    })
    await provider.close()
    expect(closed).toBe(1)
  })

  it.each([
    [{depth: 'deep'}, /^helix\.json: providers\.acme\.depth must be a whole number/],
    [{timeout: {}}, /providers\.acme\.timeout is not a setting; did you mean timeouts\?/],
    [{timeouts: {idle: -1}}, /providers\.acme\.timeouts\.idle must be at least 0/],
    [{retries: 99}, /providers\.acme\.retries must be at most 10/],
  ])('with the settings %j is refused, and listed with what is wrong', async (settings, message) => {
    const providers = registry({configured: {acme: settings}, env: {ACME_KEY: 'key'}})
    await expect(providers.open('acme')).rejects.toMatchObject({kind: 'config', message: expect.stringMatching(message)})
    expect(await viewProvider(providers, providers.find('acme'))).toMatchObject({id: 'acme', problem: expect.stringMatching(message), key: null})
  })

  it('that nobody brings is named with the one that was probably meant', () => {
    expect(() => registry().find('acmee')).toThrow(expect.objectContaining({kind: 'usage', code: 'PROVIDER_UNKNOWN', hint: 'Did you mean acme?'}))
    expect(() => registry().find('constructor')).toThrow(expect.objectContaining({kind: 'usage'}))
    expect(() => registry({configured: {vllm: {type: 'acne'}}}).find('vllm')).toThrow(
      expect.objectContaining({kind: 'config', message: 'there is no provider acne, which providers.vllm.type names'}),
    )
  })
})

describe('a second name for a kind of server', () => {
  const configured = {gpu: {type: 'acme', base_url: 'http://127.0.0.1:8000/v1'}}

  it('is served by the plugin of its type', async () => {
    const providers = registry({configured})
    expect(providers.list().map((entry) => [entry.id, entry.plugin.id])).toEqual([
      ['acme', 'acme'],
      ['gpu', 'acme'],
      ['local', 'local'],
    ])
    await providers.open('gpu')
    expect(opened[0]).toMatchObject({id: 'gpu', settings: {base_url: 'http://127.0.0.1:8000/v1', depth: 3}})
  })

  it('never gets the key that a variable holds for the service itself', async () => {
    await registry({configured, env: {ACME_KEY: 'precious'}}).open('gpu')
    expect(opened[0]?.apiKey).toBeUndefined()
  })
})

describe('an API key', () => {
  it('of the config comes before the variable, and that before the one that was stored', async () => {
    await new EncryptedFile({configDir: join(root, 'config'), dataDir: join(root, 'data')}).set('provider/acme', 'stored')
    const keyOf = (providers: ProviderRegistry) => providers.key(providers.find('acme'))
    expect(await keyOf(registry())).toEqual({key: 'stored', origin: 'login'})
    expect(await keyOf(registry({env: {ACME_KEY: 'variable'}}))).toEqual({key: 'variable', origin: 'env:ACME_KEY'})
    const configured = {acme: {api_key: 'env:MINE'}}
    expect(await keyOf(registry({configured, env: {ACME_KEY: 'variable', MINE: 'configured'}}))).toEqual({key: 'configured', origin: 'env:MINE'})
  })

  it('that is missing ends in one line that tells how to give it', async () => {
    await expect(registry().open('acme')).rejects.toMatchObject({
      kind: 'denied',
      code: 'KEY_MISSING',
      hint: 'Give it with helix provider login acme, or in the variable ACME_KEY.',
    })
    expect(opened).toEqual([])
  })

  it('is not needed by a provider that can do without, or by another server than the service itself', async () => {
    await registry().open('local')
    await registry({configured: {acme: {base_url: 'http://127.0.0.1:1'}}}).open('acme')
    expect(opened.map((options) => options.apiKey)).toEqual([undefined, undefined])
  })
})

describe('an address from a variable', () => {
  const plugins = [plugin('acme', {baseUrlFrom: (env) => env.ACME_HOST && `http://${env.ACME_HOST}`})]
  const addressOf = (parts: RegistryParts) => {
    const providers = registry({plugins, ...parts})
    return providers.settings(providers.find('acme')).base_url
  }

  it('counts where the config names none', () => {
    expect(addressOf({})).toBe('https://acme.example/v1')
    expect(addressOf({env: {ACME_HOST: 'here:1'}})).toBe('http://here:1')
    expect(addressOf({env: {ACME_HOST: 'here:1'}, configured: {acme: {base_url: 'http://there'}}})).toBe('http://there')
  })
})
