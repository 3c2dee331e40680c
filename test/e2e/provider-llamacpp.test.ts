import {existsSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {NpmRegistry} from '../fixtures/npm-registry.js'
import {RECITED, writeReciteModel} from '../fixtures/recite-model.js'

let home: HelixHome
let model: string

beforeAll(() => {
  home = makeHelixHome()
  model = join(home.root, 'recite.gguf')
  writeReciteModel(model)
})

describe('a model in a GGUF file', () => {
  test('answers a prompt to which standard input is appended', async () => {
    const answer = await home.run(['chat', '-p', 'this:', '-m', `llamacpp/${model}`], {input: 'summarise\n'})
    expect(answer).toEqual({code: 0, signal: null, stdout: `${RECITED}\n`, stderr: ''})
  })

  test('is held to a schema', async () => {
    const schema = join(home.root, 'person.json')
    const person = {type: 'object', properties: {name: {type: 'string'}, age: {type: 'integer'}}, required: ['name', 'age']}
    writeFileSync(schema, JSON.stringify(person))
    const answer = await home.run(['chat', '-p', 'who?', '-m', `llamacpp/${model}`, '--schema', schema])
    expect(answer).toMatchObject({code: 0, stderr: ''})
    expect(JSON.parse(answer.stdout)).toEqual({name: expect.any(String), age: expect.any(Number)})
  })

  test('may be named relative to a folder, and is listed then', async () => {
    await home.run(['config', 'set', 'providers.llamacpp.models_folder', home.root])
    expect((await home.run(['provider', 'models', 'llamacpp'])).stdout).toMatch(/^llamacpp\/recite\.gguf /m)
    expect(await home.run(['chat', '-p', 'hello', '-m', 'llamacpp/recite.gguf', '--max-tokens', '2'])).toMatchObject({code: 1, stdout: 'Every task\n'})
  })

  test.each([
    ['/no/such.gguf', 2, /^Error: there is no model file \/no\/such\.gguf\n[^\n]+\n$/],
    [fileURLToPath(import.meta.url), 2, /^Error: \S+ cannot be loaded: it is not a GGUF file\n[^\n]+\n$/],
  ])('%s that cannot be loaded is one line', async (path, code, message) => {
    expect(await home.run(['chat', '-p', 'hello', '-m', `llamacpp/${path}`])).toMatchObject({code, stdout: '', stderr: expect.stringMatching(message)})
  })
})

describe('helix provider install', () => {
  const registry = new NpmRegistry()
  const env = () => ({npm_config_registry: registry.url, npm_config_cache: join(home.root, 'npm')})
  const publish = (code: string) => registry.publish({name: 'node-llama-cpp', version: '3.22.1', files: {'index.js': code}, manifest: {type: 'module'}})

  beforeAll(() => registry.start())
  afterAll(() => registry.close())

  test('leaves nothing behind when the package does not load', async () => {
    publish("throw new Error('no build for this machine')")
    const failed = await home.run(['provider', 'install', 'llamacpp'], {env: env()})
    expect(failed).toMatchObject({
      code: 69,
      stdout: '',
      stderr: expect.stringMatching(/\nError: node-llama-cpp is installed but does not load: [^\n]*no build for this machine\n$/),
    })
    expect(existsSync(join(home.dataDir, 'packages', 'llamacpp'))).toBe(false)
  })

  test('brings the package into the data folder, which is used from then on', async () => {
    publish("export const getLlama = async () => { throw new Error('the installed one') }; export const LlamaLogLevel = {}")
    const installed = await home.run(['provider', 'install', 'llamacpp', '--json'], {env: env()})
    expect(installed.code).toBe(0)
    expect(JSON.parse(installed.stdout)).toEqual({
      name: 'node-llama-cpp',
      version: '3.22.1',
      bytes: expect.any(Number),
      folder: join(home.dataDir, 'packages', 'llamacpp'),
    })
    expect(await home.run(['provider', 'test', 'llamacpp'])).toMatchObject({code: 78, stderr: expect.stringContaining('the installed one')})
  })
})
