import {beforeEach, describe, expect, it} from '@jest/globals'
import {HelixError} from '../../../src/core/errors/helix-error.js'
import {splitWorker} from '../../../src/core/providers/model-name.js'
import type {LLMProvider} from '../../../src/core/providers/provider.js'
import {toProviderError} from '../../../src/core/providers/provider-error.js'
import type {ProviderOptions, ProviderPlugin} from '../../../src/core/providers/provider-plugin.js'
import {ProviderRegistry, type RegistryOptions} from '../../../src/core/providers/provider-registry.js'
import {Credentials} from '../../../src/core/security/credentials.js'

let opened: ProviderOptions[]
let lookedUp: string[]

beforeEach(() => {
  opened = []
  lookedUp = []
})

function plugin(id: string, more: Partial<ProviderPlugin> = {}): ProviderPlugin {
  return {
    apiVersion: 1,
    id,
    label: id,
    settings: {},
    baseUrl: `https://${id}.example/v1`,
    baseUrlFrom: ({OLLAMA_HOST}) => OLLAMA_HOST,
    keyVariables: [`${id.toUpperCase()}_API_KEY`],
    keyRequired: false,
    open: async (options) => {
      opened.push(options)
      return {close: async () => {}} as LLMProvider
    },
    ...more,
  }
}

function registry(configured: RegistryOptions['configured'] = {}, more: Partial<RegistryOptions> = {}): ProviderRegistry {
  const plugins = [plugin('ollama'), plugin('openai'), {...plugin('llamacpp'), baseUrl: undefined} as unknown as ProviderPlugin]
  return new ProviderRegistry({
    plugins,
    configured,
    env: {OLLAMA_HOST: 'http://of-this-machine:1', OLLAMA_API_KEY: 'of-this-machine'},
    placeOf: () => 'helix.json',
    credentials: new Credentials({configDir: '/nowhere', dataDir: '/nowhere'}),
    dataDir: '/nowhere',
    reachWorker: async (name) => {
      lookedUp.push(name)
      return {
        serverUrl: (kind) => (kind === 'ollama' || kind === 'vllm' ? `http://127.0.0.1:4711/` : undefined),
        dial: () => Promise.reject(new Error('not to be called')),
      }
    },
    ...more,
  })
}

describe('a provider on a worker', () => {
  it.each<[id: string, configured: object, url: string]>([
    ['ollama@gpu-1', {}, 'http://127.0.0.1:4711'],
    ['vllm@gpu-1', {}, 'http://127.0.0.1:4711/v1'],
    ['llama-server@gpu-1', {}, 'http://127.0.0.1:8080/v1'],
    ['ollama@gpu-1', {ollama: {base_url: 'http://127.0.0.1:9/'}}, 'http://127.0.0.1:9'],
    ['vllm@gpu-1', {vllm: {type: 'openai', base_url: 'http://10.0.0.7/v2'}}, 'http://10.0.0.7/v2'],
    ['spare@gpu-1', {spare: {type: 'ollama'}}, 'http://127.0.0.1:4711'],
    ['openai@gpu-1', {}, 'https://openai.example/v1'],
  ])('is asked where the config says, else where it was found, else where its kind listens: %s with %j at %s', async (id, configured, url) => {
    await registry(configured as Record<string, unknown>).open(id)
    expect(opened[0]).toMatchObject({id, settings: {base_url: url}})
    expect(lookedUp).toEqual(['gpu-1'])
  })

  it('gets no key that is meant for this machine or for the service itself, but the one that the config names', async () => {
    await registry().open('ollama@gpu-1')
    await registry({ollama: {api_key: 'env:GPU_KEY'}}, {env: {GPU_KEY: 'of-the-worker'}}).open('ollama@gpu-1')
    await registry().open('ollama')
    expect(opened.map(({apiKey}) => apiKey)).toEqual([undefined, 'of-the-worker', 'of-this-machine'])
    expect(opened[2]?.settings.base_url).toBe('http://of-this-machine:1')
    expect(lookedUp).toEqual(['gpu-1', 'gpu-1'])
  })

  it.each([
    ['llamacpp@gpu-1', 'PROVIDER_NOT_ON_WORKER', {}],
    ['vllm', 'PROVIDER_UNKNOWN', {}],
    ['vlm@gpu-1', 'PROVIDER_UNKNOWN', {}],
    ['ollama@gpu-1', 'PROVIDER_NOT_ON_WORKER', {reachWorker: undefined}],
  ])('is refused where there can be none: %s', async (id, code, more) => {
    await expect(registry({}, more as Partial<RegistryOptions>).open(id)).rejects.toMatchObject({kind: 'usage', code})
    expect(opened).toEqual([])
  })

  it('has its worker behind the first @', () => {
    expect([splitWorker('ollama'), splitWorker('ollama@gpu-1'), splitWorker('a@b@c')]).toEqual([
      {provider: 'ollama'},
      {provider: 'ollama', worker: 'gpu-1'},
      {provider: 'a', worker: 'b@c'},
    ])
    for (const id of ['@', 'ollama@', '@gpu-1']) expect(() => splitWorker(id)).toThrow(expect.objectContaining({kind: 'usage', code: 'PROVIDER_UNKNOWN'}))
  })

  it('that cannot be reached says what was wrong with its worker, and is asked again only when the connection was lost', () => {
    const wrapped = (error: Error) => ({message: 'fetch failed', cause: new Error('fetch failed', {cause: new Error('wrapped', {cause: error})})})
    const changed = new HelixError('denied', 'the host key of gpu-1 has changed', {code: 'HOST_KEY_CHANGED', hint: 'Ask who changed it.'})
    expect(toProviderError(wrapped(changed), {provider: 'ollama@gpu-1'})).toMatchObject({
      ...{kind: 'denied', code: 'HOST_KEY_CHANGED', message: 'ollama@gpu-1: the host key of gpu-1 has changed', hint: 'Ask who changed it.', retryable: false},
    })
    const lost = new HelixError('unavailable', 'the connection was lost', {code: 'CONNECTION_LOST'})
    expect(toProviderError(wrapped(lost), {provider: 'ollama@gpu-1'})).toMatchObject({kind: 'unavailable', code: 'CONNECTION_LOST', retryable: true})
  })
})
