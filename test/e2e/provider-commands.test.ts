import {readdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {KEY, ModelUser} from '../fixtures/model-user.js'
import {OpenAIServer, says} from '../fixtures/openai-server.js'

describe('the commands about providers', () => {
  let user: ModelUser
  let vllm: OpenAIServer

  beforeAll(async () => {
    user = await ModelUser.start()
    vllm = await OpenAIServer.start()
    user.server.serve('gpt-x', says('OK'))
    vllm.serve('qwen', says('From vLLM'))
    user.configure({}, {vllm: {type: 'openai', base_url: `${vllm.url}/`}})
  })

  afterAll(async () => {
    await Promise.all([user.server.stop(), vllm.stop()])
  })

  test('list tells who there is, where, and where the key is from, never the key', async () => {
    const [table, json] = await Promise.all([user.home.run(['provider', 'list']), user.home.run(['provider', 'list', '--json'])])
    expect([table.code, table.stderr, json.code, json.stderr]).toEqual([0, '', 0, ''])
    const rows = table.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    const ids = [...readdirSync(new URL('../../src/plugins', import.meta.url)), 'vllm'].sort()
    expect(rows.map(([id]) => id)).toEqual(['ID', ...ids])
    expect(rows).toEqual(
      expect.arrayContaining([
        ['ID', 'NAME', 'KEY', 'ADDRESS'],
        ['llamacpp', 'llama.cpp', 'none needed', 'this process'],
        ['mistral', 'Mistral AI', 'missing', 'https://api.mistral.ai/v1'],
        ['ollama', 'Ollama', 'none needed', 'http://127.0.0.1:11434'],
        ['openai', 'OpenAI and compatible servers', 'env:OPENAI_API_KEY', user.server.url],
        ['vllm', 'OpenAI and compatible servers', 'none needed', vllm.url],
      ]),
    )
    const openai = {
      id: 'openai',
      label: 'OpenAI and compatible servers',
      type: 'openai',
      base_url: user.server.url,
      key: 'env:OPENAI_API_KEY',
      key_required: false,
      problem: null,
    }
    const {providers} = JSON.parse(json.stdout)
    expect(providers.map(({id}: {id: string}) => id)).toEqual(ids)
    expect(providers).toContainEqual(openai)
    expect(providers).toContainEqual({...openai, id: 'vllm', base_url: vllm.url, key: null})
    expect(providers).toContainEqual(expect.objectContaining({id: 'llamacpp', base_url: null, key: null, key_required: false}))
  })

  test('show tells the settings in force and what they mean', async () => {
    const [table, json] = await Promise.all([user.home.run(['provider', 'show', 'openai']), user.home.run(['provider', 'show', 'openai', '--json'])])
    expect([table.code, table.stderr, json.code]).toEqual([0, '', 0])
    expect(table.stdout).toMatch(/^openai: OpenAI and compatible servers\n.*env:OPENAI_API_KEY\n/)
    expect(table.stdout).toMatch(new RegExp(`\\n *providers\\.openai\\.base_url +"${user.server.url}" +address of the API`))
    expect(table.stdout).toMatch(/\n *providers\.openai\.retries +2 +/)
    const timeouts = {connect: 10, first_token: 300, idle: 120, total: 1800}
    expect(JSON.parse(json.stdout)).toMatchObject({id: 'openai', key: 'env:OPENAI_API_KEY', settings: {base_url: user.server.url, retries: 2, timeouts}})
    expect(table.stdout + json.stdout).not.toContain(KEY)
  })

  test('models lists them as they are named to helix chat', async () => {
    const [table, json] = await Promise.all([user.home.run(['provider', 'models', 'vllm']), user.home.run(['provider', 'models', 'vllm', '--json'])])
    expect([table.code, table.stderr, json.code]).toEqual([0, '', 0])
    expect(table.stdout).toMatch(/^MODEL +CONTEXT +SIZE +MODIFIED\nvllm\/qwen +/)
    expect(JSON.parse(json.stdout)).toEqual({models: [{id: 'qwen', context_tokens: null, size_bytes: null, modified_at: null}]})
  })

  test('test asks a model for a few words, the one named or one that it chooses', async () => {
    const [plain, model] = await Promise.all([
      user.home.run(['provider', 'test', 'openai']),
      user.home.run(['provider', 'test', 'openai', '-m', 'gpt-x', '--json']),
    ])
    expect(plain).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /^openai\/gpt-x answered: the first token after \d+ ms, all after \d+ ms(, [\d.]+ tokens\/s)?\nopenai takes: tools, reasoning, schema, images, documents\n$/,
      ),
    })
    expect(user.server.asked('gpt-x')).toHaveLength(2)
    const time = expect.any(Number)
    expect(JSON.parse(model.stdout)).toMatchObject({provider: 'openai', model: 'gpt-x', first_token_ms: time, total_ms: time, text: 'OK'})
  })

  test('a second name for a server of the same kind is asked as such, without the key of the first', async () => {
    expect(await user.home.run(['chat', '-m', 'vllm/qwen', '-p', 'hello'])).toMatchObject({code: 0, stdout: 'From vLLM\n', stderr: ''})
    expect(vllm.asked('qwen').at(-1)?.headers).not.toHaveProperty('authorization')
    expect(vllm.requests.filter(({headers}) => JSON.stringify(headers).includes(KEY))).toEqual([])
    expect(user.sessions('qwen')).toMatchObject([{provider: 'vllm'}])
  })

  test('a key of its own goes to the second name alone, from the variable that the config names or from login', async () => {
    user.configure({}, {vllm: {type: 'openai', base_url: vllm.url, api_key: 'env:VLLM_KEY'}})
    await user.home.run(['chat', '-m', 'vllm/qwen', '-p', 'hello'], {env: {VLLM_KEY: 'vllm-variable'}})
    expect(vllm.requests.at(-1)?.headers.authorization).toBe('Bearer vllm-variable')
    user.configure({}, {vllm: {type: 'openai', base_url: vllm.url}})
    expect(await user.home.run(['provider', 'login', 'vllm'], {input: 'vllm-login\n'})).toMatchObject({code: 0})
    await user.home.run(['chat', '-m', 'vllm/qwen', '-p', 'hello'])
    expect(vllm.requests.at(-1)?.headers.authorization).toBe('Bearer vllm-login')
    await user.chat('gpt-x')
    expect(user.server.requests.at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`)
  })

  test.each<[args: string[], exit: number, says: RegExp]>([
    [['provider', 'show', 'opnai'], 2, /there is no provider opnai\nDid you mean openai\?/],
    [['provider', 'test', 'opnai'], 2, /Did you mean openai\?/],
    [['provider', 'models', 'opnai'], 2, /Did you mean openai\?/],
    [['provider', 'login', 'opnai'], 2, /Did you mean openai\?/],
    [['provider', 'logout', 'opnai'], 2, /Did you mean openai\?/],
    [['provider', 'install', 'opnai'], 2, /Did you mean openai\?/],
    [['provider', 'install', 'openai'], 2, /openai needs nothing installed/],
    [['provider', 'test', 'openai', '-m', 'nothing'], 2, /openai has no model nothing/],
    [['provider', 'test', 'down'], 69, /down cannot be reached at /],
    [['provider', 'models', 'down'], 69, /down cannot be reached at /],
    [['model', 'pull', 'openai/gpt-x'], 2, /the models of openai cannot be pulled/],
    [['model', 'pull', 'gpt-x'], 2, /provider\/model/],
    [['provider', 'show'], 2, /missing PROVIDER/],
  ])('end in a line when they cannot: %j', async (args, exit, message) => {
    user.configure({}, {down: {type: 'openai', base_url: 'http://127.0.0.1:9/v1'}})
    const [{code, stdout, stderr}, json] = await Promise.all([user.home.run(args), user.home.run([...args, '--json'])])
    expect([code, stdout]).toEqual([exit, ''])
    expect(stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
    expect(stderr).toMatch(message)
    expect(json.code).toBe(exit)
    expect(JSON.parse(json.stdout)).toMatchObject({error: {exit_code: exit}})
  })

  test('list goes on where the settings of one are wrong, and says what is wrong', async () => {
    user.configure({}, {vllm: {type: 'openai', base_url: vllm.url, colour: 'red'}})
    const {code, stdout} = await user.home.run(['provider', 'list', '--json'])
    expect(code).toBe(0)
    const {providers} = JSON.parse(stdout)
    expect(providers).toContainEqual(expect.objectContaining({id: 'vllm', problem: expect.stringContaining('providers.vllm.colour')}))
    expect(providers).toContainEqual(expect.objectContaining({id: 'openai', problem: null}))
  })

  test('list says that a key is missing where the service of a provider needs one', async () => {
    const stranger = await ModelUser.start({}, {})
    writeFileSync(join(stranger.home.configDir, 'helix.json'), '{}')
    const {stdout} = await stranger.home.run(['provider', 'list'])
    expect(stdout).toMatch(/\nopenai +\S.*\S +missing +https:\/\/api\.openai\.com\/v1\n/)
    await stranger.server.stop()
  })
})
