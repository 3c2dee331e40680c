import {mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {beforeAll, describe, expect, test} from '@jest/globals'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'

const BUILT_IN = readdirSync(new URL('../../src/plugins', import.meta.url))

/** A provider without any help of Helix: it says what it was asked. */
const PARROT = `
const provider = {
  getCapabilities: () => ({tools: false, reasoning: false, schema: false, images: false, documents: false}),
  listModels: async () => [{id: 'polly', contextTokens: 42}],
  validateConfig: async () => {},
  close: async () => {},
  async *stream({messages}) {
    yield {type: 'text', text: messages.at(-1).content}
    yield {type: 'finish', reason: 'stop'}
  },
}
export default async () => ({
  apiVersion: 1, id: 'parrot', label: 'A parrot', settings: {}, keyVariables: [], keyRequired: false, open: async () => provider,
})`

/** One that is written as the API wants it, with a setting of its own. */
const CRIER = `
import {BaseProvider, PROVIDER_API_VERSION} from 'helix-cli/provider'

class Crier extends BaseProvider {
  getCapabilities() {
    return {tools: false, reasoning: false, schema: false, images: false, documents: false}
  }
  async fetchModels() {
    return [{id: 'loud'}]
  }
  async *respond({messages}) {
    yield {type: 'text', text: messages.at(-1).content.toUpperCase() + this.options.settings.mark + this.options.apiKey}
    yield {type: 'finish', reason: 'stop'}
  }
}

export default async () => ({
  apiVersion: PROVIDER_API_VERSION,
  id: 'crier',
  label: 'A crier',
  settings: {mark: {type: 'string', default: '!', description: 'what stands at the end'}},
  baseUrl: 'https://crier.example',
  keyVariables: ['CRIER_KEY'],
  keyRequired: true,
  open: async (options) => new Crier(options),
})`

const hookOf = (fields: string) =>
  `export default async () => ({apiVersion: 1, id: 'other', label: 'Other', settings: {}, keyVariables: [], keyRequired: false, open: async () => ({}), ${fields}})`

/** What is wrong with each, by name of the plugin: its hook, and what is said of it. */
const BAD: Record<string, [hook: string, says: RegExp]> = {
  throws: ["export default async () => { throw new Error('no licence\\nsecond line') }", /does not work and is left out: no licence$/],
  exits: ["export default async function () { this.error('go away', {exit: 3}) }", /does not work and is left out: go away$/],
  leaves: ['process.exit(0)\nexport default async () => {}', /does not work and is left out: it wants to end Helix$/],
  quits: ['export default async () => { await null; process.exit(0) }', /does not work and is left out: it wants to end Helix$/],
  waits: ['export default () => new Promise(() => {})', /does not work and is left out: Timed out after 10000 ms\.$/],
  broken: ['export default async () => {', /does not work and is left out: /],
  imports: ["import 'no-such-package'\nexport default async () => {}", /does not work and is left out: .*no-such-package/],
  nothing: ['export default async () => {}', /is left out: what its hook returned is no provider$/],
  unnamed: [hookOf('id: undefined'), /is left out: what its hook returned is no provider$/],
  shouting: [hookOf("id: 'Other!'"), /is left out: what its hook returned is no provider$/],
  double: [hookOf("id: 'openai'"), /is left out: there is a provider openai already$/],
  newer: [hookOf('apiVersion: 2'), /is left out: it is written for another version of Helix \(2, not 1\)$/],
  closed: [hookOf('open: undefined'), /is left out: its provider cannot be opened$/],
  keyless: [hookOf('keyVariables: undefined'), /is left out: its provider does not say .*keyVariables/],
  untyped: [hookOf("settings: 'none'"), /is left out: its provider does not say what settings/],
}

function installPlugins(home: HelixHome, hooks: Record<string, string>): void {
  const modules = join(home.dataDir, 'node_modules')
  for (const [name, hook] of Object.entries(hooks)) {
    const folder = join(modules, `helix-plugin-${name}`)
    mkdirSync(folder, {recursive: true})
    const about = {name: `helix-plugin-${name}`, version: '1.0.0', type: 'module', oclif: {hooks: {'helix:provider': './hook.js'}}}
    writeFileSync(join(folder, 'package.json'), JSON.stringify(about))
    writeFileSync(join(folder, 'hook.js'), hook)
  }
  // As npm does for a peer dependency.
  symlinkSync(fileURLToPath(new URL('../..', import.meta.url)), join(modules, 'helix-cli'))
  const plugins = Object.keys(hooks).map((name) => ({name: `helix-plugin-${name}`, type: 'user'}))
  writeFileSync(join(home.dataDir, 'package.json'), JSON.stringify({private: true, oclif: {schema: 1, plugins}}))
}

describe('providers that plugins of others bring', () => {
  let home: HelixHome

  beforeAll(() => {
    home = makeHelixHome()
    installPlugins(home, {parrot: PARROT, crier: CRIER})
  })

  const run = (args: string[], env: NodeJS.ProcessEnv = {}) => home.run(args, {env})

  test('answer helix chat, and are listed with what they have', async () => {
    const [chat, list, models] = await Promise.all([
      run(['chat', '-m', 'parrot/polly', '-p', 'hello']),
      run(['provider', 'list']),
      run(['provider', 'models', 'parrot', '--json']),
    ])
    expect(chat).toMatchObject({code: 0, stdout: 'hello\n', stderr: ''})
    expect(list).toMatchObject({code: 0, stderr: '', stdout: expect.stringMatching(/\nparrot +A parrot +none needed +this process\n/)})
    expect(JSON.parse(models.stdout).models).toMatchObject([{id: 'polly', context_tokens: 42}])
  })

  test('are given their key and their settings, with the defaults, as those that come with Helix', async () => {
    const env = {CRIER_KEY: 'secret'}
    expect(await run(['chat', '-m', 'crier/loud', '-p', 'hello'], env)).toMatchObject({code: 0, stdout: 'HELLO!secret\n', stderr: ''})
    expect(await run(['config', 'set', 'providers.crier.mark', '?'])).toMatchObject({code: 0})
    expect(await run(['chat', '-m', 'crier/loud', '-p', 'hello'], env)).toMatchObject({code: 0, stdout: 'HELLO?secret\n', stderr: ''})
    expect(await run(['chat', '-m', 'crier/loud', '-p', 'hello'])).toMatchObject({
      code: 77,
      stderr: expect.stringMatching(/^Error: there is no API key for crier\n.*CRIER_KEY/),
    })
    expect(await run(['chat', '-m', 'crier/loud', '-p', 'x', '--max-tokens', '64000'], env)).toMatchObject({code: 2, stdout: ''})
    expect(await run(['chat', '-m', 'crier/loud', '-p', 'x'], {...env, HELIX_PROVIDERS__CRIER__MAKR: '?'})).toMatchObject({
      ...{code: 78, stdout: ''},
      stderr: expect.stringMatching(/^Error: [^\n]*providers\.crier\.makr[^\n]*\n([^\n]+\n)?$/),
    })
  })
})

describe('a plugin that brings no provider that can be used', () => {
  let home: HelixHome

  beforeAll(() => {
    home = makeHelixHome()
    installPlugins(home, {parrot: PARROT, ...Object.fromEntries(Object.entries(BAD).map(([name, [hook]]) => [name, hook]))})
  })

  test('is named in one line and left out, and the others work', async () => {
    const [chat, list] = await Promise.all([home.run(['chat', '-m', 'parrot/polly', '-p', 'hello']), home.run(['provider', 'list', '--json'])])
    expect(chat).toMatchObject({code: 0, stdout: 'hello\n'})
    expect(JSON.parse(list.stdout).providers.map(({id}: {id: string}) => id)).toEqual([...BUILT_IN, 'parrot'].sort())
    for (const {stderr} of [chat, list]) {
      const lines = stderr.trimEnd().split('\n')
      for (const [name, [, message]] of Object.entries(BAD)) {
        const own = lines.filter((line) => line.startsWith(`Warning: the plugin helix-plugin-${name} `))
        expect([name, own]).toEqual([name, [expect.stringMatching(message)]])
      }
      expect(lines).toHaveLength(Object.keys(BAD).length)
    }
  })

  test('of two with one id it is always the same that works', async () => {
    const twins = makeHelixHome()
    const twin = (label: string, wait: number) => `
      await new Promise((resolve) => setTimeout(resolve, ${wait}))
      ${hookOf(`id: 'twin', label: '${label}'`)}`
    installPlugins(twins, {beta: twin('Beta', 0), alpha: twin('Alpha', 100)})
    const {stdout, stderr} = await twins.run(['provider', 'list', '--json'])
    expect(JSON.parse(stdout).providers).toContainEqual(expect.objectContaining({id: 'twin', label: 'Alpha'}))
    expect(stderr).toBe('Warning: the plugin helix-plugin-beta is left out: there is a provider twin already\n')
  })

  test('whose files are gone or broken is named too, and the others work', async () => {
    const broken = makeHelixHome()
    installPlugins(broken, {parrot: PARROT, gone: '', torn: ''})
    const folder = (name: string) => join(broken.dataDir, 'node_modules', `helix-plugin-${name}`)
    rmSync(folder('gone'), {recursive: true})
    writeFileSync(join(folder('torn'), 'package.json'), '{"name": "helix-plug')
    const chat = await broken.run(['chat', '-m', 'parrot/polly', '-p', 'hello'])
    expect(chat).toMatchObject({code: 0, stdout: 'hello\n'})
    expect(chat.stderr.trimEnd().split('\n').sort()).toEqual([
      `Warning: the plugin helix-plugin-gone is left out: ${folder('gone')} is no package: its package.json is missing`,
      expect.stringContaining(`Warning: the plugin helix-plugin-torn is left out: ${folder('torn')} is no package: its package.json is broken: `),
    ])
  })

  test('is blamed for what it does when it is asked', async () => {
    const unopened = makeHelixHome()
    installPlugins(unopened, {unopened: hookOf("open: async () => { throw new TypeError('no engine') }")})
    expect(await unopened.run(['chat', '-m', 'other/x', '-p', 'hello'])).toMatchObject({
      ...{code: 69, stdout: ''},
      stderr: 'Error: the plugin helix-plugin-unopened cannot open its provider: no engine\n',
    })
  })

  test('leaves those that come with Helix, where the list of plugins is broken', async () => {
    const torn = makeHelixHome()
    mkdirSync(torn.dataDir)
    writeFileSync(join(torn.dataDir, 'package.json'), '{"oclif": ')
    const {code, stdout, stderr} = await torn.run(['provider', 'list'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('openai')])
    expect(stderr).toMatch(/^Warning: no plugins are used: \S+package\.json: cannot be read: [^\n]+\n$/)
  })

  test('says nothing where no provider is asked for', async () => {
    expect(await home.run(['task', 'list'])).toMatchObject({code: 0, stderr: ''})
  })
})
