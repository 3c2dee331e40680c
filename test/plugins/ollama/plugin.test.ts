import {describe, expect, test} from '@jest/globals'
import {checkSettings} from '../../../src/core/providers/provider-settings.js'
import ollama from '../../../src/plugins/ollama/plugin.js'

async function settingsOf(ollamaSettings: object, env: NodeJS.ProcessEnv = {}) {
  return checkSettings('ollama', await ollama(), {configured: {ollama: ollamaSettings}, env, placeOf: () => 'helix.json'})
}

describe('the address of Ollama', () => {
  test.each([
    [undefined, 'http://127.0.0.1:11434'],
    ['', 'http://127.0.0.1:11434'],
    ['gpu-box', 'http://gpu-box:11434'],
    ['gpu-box:80', 'http://gpu-box'],
    [' "gpu-box:8080" ', 'http://gpu-box:8080'],
    [':8080', 'http://127.0.0.1:8080'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['0.0.0.0:8080', 'http://127.0.0.1:8080'],
    ['[::]:8080', 'http://[::1]:8080'],
    ['::1', 'http://[::1]:11434'],
    ['[::1]', 'http://[::1]:11434'],
    ['gpu-box/ollama', 'http://gpu-box:11434/ollama'],
    ['http://gpu-box', 'http://gpu-box'],
    ['https://ollama.example/api-of/', 'https://ollama.example/api-of'],
    ['not an address', 'http://127.0.0.1:11434'],
  ])('with OLLAMA_HOST=%j is %s', async (OLLAMA_HOST, address) => {
    expect((await settingsOf({}, {OLLAMA_HOST})).base_url).toBe(address)
  })

  test('is the one of the config where that names one', async () => {
    expect((await settingsOf({base_url: 'http://gpu-box:1/'}, {OLLAMA_HOST: 'elsewhere'})).base_url).toBe('http://gpu-box:1')
  })
})

describe('the settings of Ollama', () => {
  test.each(['30m', '1h30m', '1.5h', '-1', '-1m', '0', '300'])('take keep_alive %s', async (keep_alive) => {
    expect(await settingsOf({keep_alive})).toHaveProperty('keep_alive', keep_alive)
  })

  test.each([{keep_alive: 'forever'}, {keep_alive: '30 m'}, {keep_alive: 30}, {num_ctx: 0}, {num_ctx: '8k'}, {num_contexts: 8192}])(
    'refuse %j',
    async (wrong) => {
      await expect(settingsOf(wrong)).rejects.toThrow(expect.objectContaining({kind: 'config', code: 'CONFIG_INVALID'}))
    },
  )
})
