import {execFileSync} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals'
import {execa} from 'execa'
import {finish} from '../fixtures/helix.js'
import {hookOf, PluginUser} from '../fixtures/plugin-user.js'
import {waitFor} from '../fixtures/wait-for.js'

// npm takes seconds for the smallest of packages, and much longer on a busy machine.
jest.setTimeout(300_000)

let user: PluginUser

beforeEach(async () => {
  user = await PluginUser.start()
})
afterEach(() => user.registry.close())

const git = (folder: string, ...args: string[]) => execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.example', ...args], {cwd: folder})

describe('helix plugins install', () => {
  test('brings a package at the version of the moment, which stays until it is installed again', async () => {
    user.publish('helix-provider-acme', '1.0.0', 'acme')
    const {code, stdout} = await user.plugins(['install', 'helix-provider-acme'])
    expect([code, stdout]).toEqual([0, 'Installed helix-provider-acme 1.0.0. Check it with: helix provider test acme\n'])
    user.publish('helix-provider-acme', '2.0.0', 'acme')
    expect(await user.ask('acme')).toMatchObject({code: 0, stdout: 'acme 1.0.0: hello\n', stderr: ''})
    const again = await user.plugins(['install', 'helix-provider-acme@^2.0.0', '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject({name: 'helix-provider-acme', version: '2.0.0', replaced: '1.0.0', type: 'user', providers: ['acme']})
    expect(await user.ask('acme')).toMatchObject({code: 0, stdout: 'acme 2.0.0: hello\n', stderr: ''})
    expect(user.folders()).toHaveLength(1)
    // Helix itself was not asked for, which plugins name as their peer.
    expect(user.registry.requests.filter((path) => path.includes('helix-cli'))).toEqual([])
  })

  test('brings what a plugin depends on, and runs the scripts of none', async () => {
    const ran = join(user.home.root, 'ran')
    const scripts = Object.fromEntries(['preinstall', 'install', 'postinstall', 'prepare'].map((name) => [name, `echo > ${ran}`]))
    user.registry.publish({name: 'loud', files: {'index.js': "module.exports = 'LOUD'"}, manifest: {scripts}})
    const hook = `import loud from 'loud'\n${hookOf('acme').replace("'acme: '", 'loud')}`
    user.registry.publish({
      name: '@me/acme',
      files: {'hook.js': hook},
      manifest: {scripts, type: 'module', oclif: {hooks: {'helix:provider': './hook.js'}}, dependencies: {loud: '1.0.0'}},
    })
    // A project's file that would allow them.
    writeFileSync(join(user.home.root, '.npmrc'), 'ignore-scripts=false\n')
    expect(await user.plugins(['install', '@me/acme'])).toMatchObject({code: 0})
    expect(await user.ask('acme')).toMatchObject({code: 0, stdout: 'LOUDhello\n', stderr: ''})
    expect(existsSync(ran)).toBe(false)
  })

  test('takes a tarball, a git address and a folder', async () => {
    const folder = user.write('helix-provider-acme', hookOf('acme'))
    await execa('npm', ['pack', '--offline', '--pack-destination', user.home.root], {cwd: folder})
    const repository = user.write('helix-provider-gitty', hookOf('gitty'))
    git(repository, 'init', '--quiet')
    git(repository, 'add', '.')
    git(repository, 'commit', '--quiet', '--message', 'first')
    const linked = user.write('helix-provider-linked', hookOf('linked'))
    expect(await user.plugins(['install', 'helix-provider-acme-0.1.0.tgz'])).toMatchObject({code: 0})
    expect(await user.plugins(['install', `git+file://${repository}`])).toMatchObject({code: 0})
    expect(await user.plugins(['install', './helix-provider-linked'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Linked helix-provider-linked 0.1.0 in ${linked}.`),
    })
    expect(await user.list()).toMatchObject([
      {name: 'helix-provider-acme', type: 'user', providers: ['acme'], source: join(user.home.root, 'helix-provider-acme-0.1.0.tgz'), problem: null},
      {name: 'helix-provider-gitty', type: 'user', providers: ['gitty'], source: `git+file://${repository}`, problem: null},
      {name: 'helix-provider-linked', type: 'link', providers: ['linked'], folder: linked, problem: null},
    ])
    for (const id of ['acme', 'gitty', 'linked']) expect(await user.ask(id)).toMatchObject({code: 0, stdout: `${id}: hello\n`, stderr: ''})
    expect(user.registry.requests).toEqual([])
  })

  test('says in one line why not, and leaves what was there', async () => {
    user.publish('helix-provider-acme', '1.0.0', 'acme')
    expect(await user.plugins(['install', 'helix-provider-acme'])).toMatchObject({code: 0})
    const before = user.listFile()
    user.publish('helix-provider-later', '1.0.0', 'later', {peerDependencies: {'helix-cli': '^99.0.0'}})
    user.publish('helix-provider-twin', '1.0.0', 'acme')
    user.publish('helix-provider-needy', '1.0.0', 'needy', {dependencies: {'no-such-dependency': '1.0.0'}})
    const hooks = {
      throws: "throw new Error('no licence')",
      newer: `export default async () => ({apiVersion: 2, id: 'newer'})`,
      double: `export default async () => ({apiVersion: 1, id: 'openai', label: '', settings: {}, keyVariables: [], open: async () => {}})`,
      exits: 'process.exit(0)',
      killed: "process.kill(process.pid, 'SIGKILL')",
    }
    for (const [name, hook] of Object.entries(hooks)) user.write(`helix-plugin-${name}`, hook)
    user.write('plain', '', {oclif: undefined})
    mkdirSync(join(user.home.root, 'empty'))
    writeFileSync(join(user.home.root, 'torn.tgz'), 'no tarball')
    writeFileSync(join(user.home.root, 'text.txt'), 'no package')
    const broken = (name: string) => `helix-plugin-${name} 0.1.0 does not work with this Helix: `
    const cases: [spec: string, code: number, says: string][] = [
      ['no-such-package', 2, 'there is no package no-such-package\n'],
      ['helix-provider-acme@9.9.9', 2, 'there is no such version: helix-provider-acme@9.9.9\n'],
      ['Not A Name', 2, '"Not A Name" is no name of a package\n'],
      ['./gone.tgz', 2, `there is no file or folder ${join(user.home.root, 'gone.tgz')}\n`],
      ['./text.txt', 2, `${join(user.home.root, 'text.txt')} is no package\n`],
      ['torn.tgz', 69, `npm could not install ${join(user.home.root, 'torn.tgz')}: `],
      ['./empty', 2, `${join(user.home.root, 'empty')} is no package: its package.json is missing\n`],
      ['./plain', 2, 'plain is no plugin: its package.json has no oclif section with hooks or commands\n'],
      ['helix-provider-later', 69, 'helix-provider-later 1.0.0 is written for another version of Helix: ^99.0.0\n'],
      ['helix-provider-needy', 69, 'helix-provider-needy needs no-such-dependency@1.0.0, and there is no such package\n'],
      ['helix-provider-twin', 2, 'the plugin helix-provider-acme brings a provider acme already\n'],
      ['./helix-plugin-throws', 69, `${broken('throws')}no licence\n`],
      ['./helix-plugin-newer', 69, `${broken('newer')}it is written for another version of Helix (2, not 1)\n`],
      ['./helix-plugin-double', 69, `${broken('double')}there is a provider openai already\n`],
      ['./helix-plugin-exits', 69, `${broken('exits')}it wants to end Helix\n`],
      ['./helix-plugin-killed', 69, `${broken('killed')}it ends the process that loads it\n`],
    ]
    const refuse = async ([spec, code, says]: (typeof cases)[number]) => {
      const result = await user.plugins(['install', spec])
      expect({spec, ...result}).toMatchObject({spec, code, stdout: '', stderr: expect.stringContaining(`\nError: ${says}`)})
      expect(result.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3)
    }
    while (cases.length > 0) await Promise.all(cases.splice(0, 4).map(refuse))
    expect(user.listFile()).toBe(before)
    expect(user.folders()).toHaveLength(1)
    expect(await user.ask('acme')).toMatchObject({code: 0, stdout: 'acme 1.0.0: hello\n', stderr: ''})
  })

  test('says so where there is no npm, or no network', async () => {
    expect(await user.plugins(['install', 'x', '--json'], {env: {PATH: '/nowhere'}})).toMatchObject({code: 78, stdout: expect.stringContaining('NPM_MISSING')})
    await user.registry.close()
    expect(await user.plugins(['install', 'x', '--json'])).toMatchObject({code: 69, stdout: expect.stringContaining('REGISTRY_UNREACHABLE')})
    expect(await user.list()).toEqual([])
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('ends soon on %s, and leaves what was there', async (signal) => {
    user.publish('helix-provider-acme', '1.0.0', 'acme')
    expect(await user.plugins(['install', 'helix-provider-acme'])).toMatchObject({code: 0})
    const before = user.listFile()
    user.registry.isStalled = true
    const asked = user.registry.requests.length
    const child = user.home.spawn(['plugins', 'install', 'helix-provider-other'])
    const ended = finish(child)
    await waitFor('npm asks the registry', () => user.registry.requests.length > asked)
    child.kill(signal)
    const killed = performance.now()
    expect(await ended).toMatchObject({code: 130, stdout: '', stderr: expect.stringMatching(/Error: cancelled\n$/)})
    expect(performance.now() - killed).toBeLessThan(10_000)
    expect(user.listFile()).toBe(before)
    expect(user.folders()).toHaveLength(1)
  })

  test('that was killed leaves nothing that the next one does not take away', async () => {
    user.registry.isStalled = true
    const child = user.home.spawn(['plugins', 'install', 'helix-provider-acme'])
    await waitFor('npm asks the registry', () => user.registry.requests.length > 0)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(user.folders()).toHaveLength(1)
    user.registry.isStalled = false
    user.publish('helix-provider-acme', '1.0.0', 'acme')
    expect(await user.plugins(['install', 'helix-provider-acme'])).toMatchObject({code: 0})
    expect(user.folders()).toHaveLength(1)
    expect(await user.ask('acme')).toMatchObject({code: 0, stdout: 'acme 1.0.0: hello\n'})
  })

  test('several at once end with all of them', async () => {
    const ids = ['one', 'two', 'three']
    for (const id of ids) user.publish(`helix-provider-${id}`, '1.0.0', id)
    const results = await Promise.all([...ids, 'one'].map((id) => user.plugins(['install', `helix-provider-${id}`])))
    expect(results.map(({code, stderr}) => ({code, stderr}))).toEqual(
      [...ids, 'one'].map((id) => ({code: 0, stderr: `helix: installing helix-provider-${id}\n`})),
    )
    expect((await user.list()).map(({name, problem}) => [name, problem])).toEqual(['one', 'three', 'two'].map((id) => [`helix-provider-${id}`, null]))
    expect(user.folders()).toHaveLength(3)
  })

  test('keeps a password in an address to itself', async () => {
    const {stderr} = await user.plugins(['install', 'git+http://me:hunter2hunter2@127.0.0.1:9/acme.git'])
    expect(stderr).toMatch(/Error: npm could not install git\+http:\/\/me:\[redacted\]@/)
    expect(stderr).not.toContain('hunter2')
  })
})

describe('a project', () => {
  test('has no say in what is installed, even when it is trusted', async () => {
    user.publish('helix-provider-evil', '1.0.0', 'evil')
    const plugin = user.write('helix-provider-near', hookOf('near'))
    const plugins = [{name: 'helix-provider-near', type: 'link', root: plugin}, 'helix-provider-evil']
    writeFileSync(
      join(user.home.root, 'package.json'),
      JSON.stringify({oclif: {plugins, jitPlugins: {'helix-provider-evil': '1.0.0'}}, helix: {providers: {}}}),
    )
    await user.home.run(['trust'])
    for (const id of ['near', 'evil']) expect(await user.ask(id)).toMatchObject({code: 2, stderr: expect.stringContaining(`there is no provider ${id}`)})
    expect(await user.list()).toEqual([])
    expect(user.registry.requests).toEqual([])
    expect(existsSync(join(user.home.dataDir, 'package.json')) && readFileSync(join(user.home.dataDir, 'package.json'), 'utf8')).toBe(false)
  })
})
