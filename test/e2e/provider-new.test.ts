import {mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {afterAll, beforeAll, describe, expect, jest, test} from '@jest/globals'
import {execa} from 'execa'
import {OpenAIServer, says} from '../fixtures/openai-server.js'
import {PluginUser} from '../fixtures/plugin-user.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Nothing listens there. */
const NO_REGISTRY = 'http://127.0.0.1:9/'

jest.setTimeout(300_000)

describe('helix provider new', () => {
  let user: PluginUser
  let server: OpenAIServer
  let folder: string

  beforeAll(async () => {
    user = await PluginUser.start()
    server = await OpenAIServer.start()
    folder = join(user.home.root, 'helix-provider-my-llm')
  })
  afterAll(() => Promise.all([user.registry.close(), server.stop()]))

  const npm = (args: string[], cwd: string, env: NodeJS.ProcessEnv = {}) => execa('npm', args, {cwd, env: {...user.home.env, ...env}, extendEnv: false})

  test('writes a package of the name that was given', async () => {
    const {code, stdout, stderr} = await user.home.run(['provider', 'new', 'my-llm'])
    expect([code, stderr, stdout]).toEqual([
      0,
      '',
      `Wrote helix-provider-my-llm to ${folder}. Next:\n  cd helix-provider-my-llm\n  npm install && npm test\n  helix plugins link .\n`,
    ])
    const files = readdirSync(folder)
    expect(files).toEqual(['README.md', 'package.json', 'plugin.js', 'protocol.js', 'provider.js', 'provider.test.js', 'server.js'])
    const text = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
    expect(text).not.toMatch(/acme/i)
    for (const expected of ["id: 'my-llm'", "label: 'My Llm'", 'class MyLlmProvider', 'MY_LLM_API_KEY']) expect(text).toContain(expected)
  })

  test('fills a folder that is there already and empty, and no other', async () => {
    const empty = join(user.home.root, 'empty')
    mkdirSync(join(empty, '.git'), {recursive: true})
    const {code, stdout} = await user.home.run(['provider', 'new', 'helix-provider-other', '--dir', '.', '--json'], {cwd: empty})
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      {id: 'other', package: 'helix-provider-other', folder: empty, files: expect.arrayContaining(['package.json'])},
    ])
    expect(await user.home.run(['provider', 'new', 'third', '--dir', empty])).toMatchObject({
      ...{code: 2, stdout: ''},
      stderr: `Error: ${empty} is not empty\nName another one with --dir.\n`,
    })
    expect(JSON.parse(readFileSync(join(empty, 'package.json'), 'utf8')).name).toBe('helix-provider-other')
  })

  test.each([
    ['openai', 'there is a provider openai already'],
    ['No Id', '"No Id" is no id of a provider'],
    ['../up', '"../up" is no id of a provider'],
  ])('does not write one called %s', async (name, says) => {
    expect(await user.home.run(['provider', 'new', name])).toMatchObject({code: 2, stdout: '', stderr: expect.stringContaining(`Error: ${says}\n`)})
  })

  test('its tests pass once Helix is installed beside it, and its types are right', async () => {
    // Helix as it is published; what it depends on has no part in this.
    await execa('npm', ['pack', '--ignore-scripts', '--offline', '--pack-destination', user.home.root], {cwd: ROOT})
    const {version, dependencies} = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    for (const [name, range] of Object.entries<string>(dependencies)) user.registry.publish({name, version: range.replace('^', ''), files: {'index.js': ''}})
    await npm(['install', join(user.home.root, `helix-cli-${version}.tgz`)], folder)
    const tested = await npm(['test'], folder, {PATH: `${join(process.execPath, '..')}:${process.env.PATH}`, NODE_OPTIONS: '--test-reporter=tap'})
    expect(tested.stdout).toMatch(/^# tests 1\d\d$/m)
    expect(tested.stdout).toMatch(/^# fail 0$/m)

    const modules = join(folder, 'node_modules')
    mkdirSync(join(modules, '@types'), {recursive: true})
    for (const name of ['@types/node', 'undici-types']) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
    const compilerOptions = {
      allowJs: true,
      checkJs: true,
      noEmit: true,
      strict: true,
      target: 'es2024',
      module: 'nodenext',
      types: ['node'],
      skipLibCheck: true,
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({compilerOptions, include: ['*.js']}))
    const checked = await execa(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')], {cwd: folder, reject: false})
    expect(checked).toMatchObject({stdout: '', exitCode: 0})
  })

  test('packed and installed from its tarball, with an empty cache and no registry, it answers', async () => {
    server.serve('small', says('Hello', ' from ', 'a plugin'))
    server.accept('sk-mine')
    await npm(['pack', '--pack-destination', user.home.root], folder, {npm_config_registry: NO_REGISTRY})
    const tarball = join(user.home.root, 'helix-provider-my-llm-0.1.0.tgz')
    const cache = join(user.home.root, 'empty-cache')
    const env = {npm_config_cache: cache, npm_config_registry: NO_REGISTRY}
    expect(await user.plugins(['install', tarball], {env})).toMatchObject({
      code: 0,
      stdout: 'Installed helix-provider-my-llm 0.1.0. Check it with: helix provider test my-llm\n',
    })

    const use = {MY_LLM_API_KEY: 'sk-mine', 'HELIX_PROVIDERS__MY-LLM__BASE_URL': server.url}
    expect(await user.home.run(['chat', '-p', 'hello', '-m', 'my-llm/small'], {env: use})).toMatchObject({
      ...{code: 0, stderr: ''},
      stdout: 'Hello from a plugin\n',
    })
    const [asked] = server.asked('small')
    expect(asked?.body.messages).toEqual([{role: 'user', content: 'hello'}])
    const json = await user.home.run(['chat', '-p', 'hello', '-m', 'my-llm/small', '--json'], {env: use})
    expect(JSON.parse(json.stdout)).toMatchObject({text: 'Hello from a plugin', finish_reason: 'stop', usage: {input_tokens: 11, output_tokens: 7}})
    expect(await user.home.run(['provider', 'test', 'my-llm', '-m', 'small'], {env: use})).toMatchObject({code: 0, stderr: ''})
    expect(await user.home.run(['chat', '-p', 'hello', '-m', 'my-llm/small'], {env: {...use, MY_LLM_API_KEY: 'sk-wrong'}})).toMatchObject({
      ...{code: 77, stdout: ''},
      stderr: expect.stringMatching(/^Error: my-llm did not accept the API key \(401\): [^\n]*\n/),
    })
  })
})
