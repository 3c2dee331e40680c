import {cpSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import type {LLMProvider} from '../../../src/core/providers/provider.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {createMemoryGroup} from '../../fixtures/memory-group.js'
import {openLlama} from '../../fixtures/open-llama.js'
import {RECITED, reciteModel, writeReciteModel} from '../../fixtures/recite-model.js'
import {runProcess} from '../../fixtures/test-process.js'

const folder = mkdtempSync(join(tmpdir(), 'helix-llamacpp-'))
const recite = join(folder, 'recite.gguf')
let provider: LLMProvider

beforeAll(async () => {
  writeReciteModel(recite)
  provider = await openLlama()
})
afterAll(async () => {
  await provider.close()
  rmSync(folder, {recursive: true})
})

function ask(model: string, content = 'Hello') {
  return {model, messages: [{role: 'user' as const, content}]}
}

function failureOf(model: string) {
  return provider.generate(ask(model)).catch((error) => error)
}

describe('a file that is no model', () => {
  const model = reciteModel()
  const file = join(folder, 'broken.gguf')

  test('that is not there, a folder or something else is said', async () => {
    expect(await failureOf(join(folder, 'none.gguf'))).toMatchObject({
      kind: 'usage',
      code: 'MODEL_UNKNOWN',
      message: `there is no model file ${folder}/none.gguf`,
    })
    expect(await failureOf(folder)).toMatchObject({kind: 'usage', code: 'MODEL_INVALID', message: expect.stringContaining('it is a folder')})
    writeFileSync(file, 'Once upon a time')
    expect(await failureOf(file)).toMatchObject({kind: 'usage', code: 'MODEL_INVALID', message: `${file} cannot be loaded: it is not a GGUF file`})
  })

  test.each([0, 4, 20, 1000, 6000, 30_000, model.length - 100])('that was cut off after %i bytes is said in one line', async (length) => {
    writeFileSync(file, model.subarray(0, length))
    const error = await failureOf(file)
    expect(error).toMatchObject({kind: 'usage', code: 'MODEL_INVALID', hint: expect.stringContaining('Fetch it again')})
    expect(error.message).toMatch(/cannot be loaded: .*(ends before|not within the file bounds)/)
    expect(error.message).not.toContain('\n')
  })

  // Version, number of tensors, number of entries, length of a key, its type, and a tensor.
  test.each([4, 8, 16, 24, 52, model.indexOf('output.weight') - 8])('that is damaged at byte %i neither hangs nor ends the process', async (at) => {
    const damaged = Buffer.from(model)
    damaged.fill(0xff, at, at + 4)
    writeFileSync(file, damaged)
    expect(await failureOf(file)).toMatchObject({kind: 'usage', code: 'MODEL_INVALID'})
  })

  test('in parts of which one is missing names the part', async () => {
    writeReciteModel(join(folder, 'big-00001-of-00002.gguf'))
    expect(await failureOf(join(folder, 'big-00001-of-00002.gguf'))).toMatchObject({
      code: 'MODEL_UNKNOWN',
      message: expect.stringContaining('big-00002-of-00002.gguf'),
    })
  })

  test('leaves the provider able to answer', async () => {
    await failureOf(folder)
    expect((await provider.generate(ask(recite))).text).toBe(RECITED)
  })
})

describe('a request', () => {
  test('that is longer than the context is refused, not cut', async () => {
    const error = await provider.generate(ask(recite, 'x'.repeat(5000))).catch((thrown) => thrown)
    expect(error).toMatchObject({kind: 'usage', code: 'CONTEXT_TOO_LONG', message: expect.stringMatching(/^the request is 50\d\d tokens long, .* 4096 /)})
  })

  test('with a tool whose arguments cannot be a grammar works with what can', async () => {
    const parameters = {type: 'object', properties: {n: {type: 'integer', minimum: 0, not: {const: 7}}}, patternProperties: {x: {}}}
    const {toolCalls} = await provider.generateWithTools({...ask(recite), tools: [{name: 'count', parameters}], toolChoice: 'required'})
    expect(toolCalls).toMatchObject([{name: 'count', arguments: '{"n":0}'}])
  })
})

describe('the folder with models', () => {
  test('is listed with sizes, each model of several parts once', async () => {
    const models = join(folder, 'models')
    mkdirSync(models)
    for (const name of ['a.gguf', 'b-00001-of-00002.gguf', 'b-00002-of-00002.gguf', 'notes.txt']) cpSync(recite, join(models, name))
    const listing = await openLlama({models_folder: models})
    const sizeBytes = reciteModel().length
    expect(await listing.listModels()).toEqual([
      {id: 'a.gguf', sizeBytes, modifiedAt: expect.stringMatching(/^\d{4}-/)},
      {id: 'b-00001-of-00002.gguf', sizeBytes, modifiedAt: expect.any(String)},
    ])
    await expect(listing.validateConfig()).resolves.toBeUndefined()
    await listing.close()
  })

  test('that is not set or not there is said', async () => {
    await expect(provider.listModels()).rejects.toMatchObject({kind: 'config', code: 'MODELS_FOLDER_MISSING'})
    await expect(provider.validateConfig()).resolves.toBeUndefined()
    const lost = await openLlama({models_folder: join(folder, 'lost')})
    await expect(lost.validateConfig()).rejects.toMatchObject({kind: 'config', code: 'MODELS_FOLDER_MISSING'})
  })
})

describe('a process that asks', () => {
  async function run(...args: string[]) {
    const {stdout, stderr} = await runProcess('ask-llamacpp', args)
    return {answer: JSON.parse(stdout), stderr}
  }

  test('prints nothing but what it wants to, and ends', async () => {
    writeFileSync(join(folder, 'cut.gguf'), reciteModel().subarray(0, -100))
    expect(await run(join(folder, 'cut.gguf'))).toMatchObject({answer: {code: 'MODEL_INVALID'}, stderr: ''})
    expect(await run(recite)).toEqual({answer: {text: RECITED}, stderr: ''})
  })

  test('is told how to install the package where there is no build for its machine', async () => {
    const {answer, stderr} = await run(recite, '{}', '', 'ppc64')
    expect(answer).toMatchObject({kind: 'config', code: 'PACKAGE_BROKEN', hint: expect.stringContaining('helix provider install llamacpp')})
    expect(answer.message).toMatch(/^node-llama-cpp has no build of llama\.cpp that works on this machine \(linux ppc64\)/)
    expect(stderr).toBe('')
  })
})

const group = createMemoryGroup(512 * 1024 * 1024)
afterAll(() => {
  if (typeof group !== 'string') group.remove()
})
describeUnless(typeof group === 'string' ? group : undefined, 'a process that may not use much memory', () => {
  async function askInGroup(model: string, settings = {}) {
    if (typeof group === 'string') throw new Error(group)
    const {stdout, stderr, code} = await runProcess('ask-llamacpp', [model, JSON.stringify(settings), group.procs])
    return {answer: JSON.parse(stdout), stderr, code}
  }

  test('is told that a model does not fit before it is loaded', async () => {
    const large = join(folder, 'large.gguf')
    writeReciteModel(large)
    truncateSync(large, 2_000_000_000)
    const {answer, stderr, code} = await askInGroup(large)
    expect({stderr, code}).toEqual({stderr: '', code: 0})
    expect(answer).toMatchObject({
      kind: 'unavailable',
      code: 'MEMORY_SHORT',
      message: expect.stringMatching(/needs 2\.0 GB of memory, and \d{1,3} MB is free$/),
    })
  })

  test('is told that a context does not fit', async () => {
    const {answer, stderr, code} = await askInGroup(recite, {context_size: 8_000_000})
    expect({stderr, code}).toEqual({stderr: '', code: 0})
    expect(answer).toMatchObject({kind: 'unavailable', code: 'MEMORY_SHORT', hint: expect.stringContaining('context_size')})
  })

  test('answers with what fits', async () => {
    expect((await askInGroup(recite)).answer).toEqual({text: RECITED})
  })
})

describe('the package', () => {
  test('that helix provider install has brought is the one that is used', async () => {
    const packages = join(folder, 'packages')
    const own = join(packages, 'node_modules', 'node-llama-cpp')
    mkdirSync(own, {recursive: true})
    writeFileSync(join(packages, 'package.json'), '{}')
    writeFileSync(join(own, 'package.json'), JSON.stringify({name: 'node-llama-cpp', version: '3.22.1', type: 'module', exports: './index.js'}))
    writeFileSync(join(own, 'index.js'), 'throw new Error("it is this one")')
    const opened = await openLlama({}, packages)
    await expect(opened.validateConfig()).rejects.toMatchObject({
      kind: 'config',
      code: 'PACKAGE_BROKEN',
      message: 'node-llama-cpp does not load: it is this one',
    })
  })

  test('that is installed nowhere is asked for', async () => {
    const elsewhere = join(folder, 'elsewhere')
    for (const part of ['src/plugins/llamacpp', 'src/core/providers', 'src/core/errors', 'src/core/security']) {
      cpSync(new URL(`../../../${part}`, import.meta.url), join(elsewhere, part), {recursive: true})
    }
    const {loadLlama} = await import(join(elsewhere, 'src/plugins/llamacpp/load-llama.ts'))
    await expect(loadLlama('', false)).rejects.toMatchObject({kind: 'config', code: 'PACKAGE_MISSING', hint: 'Install it: helix provider install llamacpp'})
  })
})
