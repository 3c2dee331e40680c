import {rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, jest, test} from '@jest/globals'
import {hookOf, PluginUser} from '../fixtures/plugin-user.js'

jest.setTimeout(300_000)

describe('helix plugins', () => {
  let user: PluginUser
  let folder: string

  beforeAll(async () => {
    user = await PluginUser.start()
    folder = user.write('helix-provider-acme', hookOf('acme'))
  })
  afterAll(() => user.registry.close())

  test('link uses a folder as it is at the moment', async () => {
    expect(await user.plugins(['list'])).toMatchObject({code: 0, stdout: 'No plugins are installed.\n'})
    expect(await user.plugins(['link'], {cwd: folder})).toMatchObject({
      ...{code: 0, stderr: ''},
      stdout: `Linked helix-provider-acme 0.1.0 in ${folder}. Check it with: helix provider test acme\n`,
    })
    expect(await user.ask('acme')).toMatchObject({code: 0, stdout: 'acme: hello\n', stderr: ''})
    writeFileSync(join(folder, 'hook.js'), hookOf('acme', 'changed'))
    expect(await user.ask('acme')).toMatchObject({code: 0, stdout: 'changed: hello\n', stderr: ''})
  })

  test('list shows each with its providers, and what is wrong with those that do not work', async () => {
    const gone = user.write('helix-provider-gone', hookOf('gone'))
    const sick = user.write('helix-provider-sick', hookOf('sick'))
    expect(await user.plugins(['link', gone])).toMatchObject({code: 0})
    expect(await user.plugins(['link', sick])).toMatchObject({code: 0})
    rmSync(gone, {recursive: true})
    writeFileSync(join(sick, 'hook.js'), 'for (;;);')
    const {code, stdout, stderr} = await user.plugins(['list'])
    expect([code, stderr]).toEqual([0, ''])
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    expect(rows).toEqual([
      ['NAME', 'VERSION', 'PROVIDERS', 'FROM', 'STATE'],
      ['helix-provider-acme', '0.1.0', 'acme', folder, 'ok'],
      ['helix-provider-gone', '-', '-', gone, 'helix-provider-gone is no package: its package.json is missing'],
      ['helix-provider-sick', '0.1.0', '-', sick, 'it hangs when it is loaded'],
    ])
  })

  test('uninstall takes any of them away, and leaves a linked folder', async () => {
    for (const name of ['helix-provider-gone', 'helix-provider-sick']) {
      expect(await user.plugins(['uninstall', name])).toMatchObject({code: 0, stdout: expect.stringContaining(`Uninstalled ${name};`)})
    }
    expect((await user.list()).map(({name}) => name)).toEqual(['helix-provider-acme'])
    user.publish('helix-provider-bought', '1.0.0', 'bought')
    expect(await user.plugins(['install', 'helix-provider-bought'])).toMatchObject({code: 0})
    const {code, stdout} = await user.plugins(['uninstall', 'helix-provider-bought', '--json'])
    expect([code, JSON.parse(stdout)]).toEqual([0, {name: 'helix-provider-bought', uninstalled: true}])
    expect(user.folders()).toEqual([])
    expect(await user.ask('bought')).toMatchObject({code: 2})
  })

  test('uninstall of one that is not there names the one that was meant', async () => {
    for (const meant of ['helix-provider-akme', 'acme']) {
      expect(await user.plugins(['uninstall', meant])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: `Error: there is no plugin ${meant}\nDid you mean helix-provider-acme?\n`,
      })
    }
    expect(await user.plugins(['uninstall', 'openai'])).toMatchObject({code: 2, stderr: expect.stringContaining('See what there is: helix plugins list')})
  })

  test('work where a plugin ends every other command', async () => {
    const ends = "export default async function () { this.error('go away', {exit: 3}) }"
    const hooks = {oclif: {hooks: {'helix:provider': './hook.js', init: './init.js'}}}
    const bad = user.write('helix-provider-bad', hookOf('bad'), hooks)
    writeFileSync(join(bad, 'init.js'), ends)
    expect(await user.plugins(['link', bad])).toMatchObject({code: 0})
    expect(await user.home.run(['task', 'list'])).not.toMatchObject({code: 0})
    expect(await user.plugins(['uninstall', 'helix-provider-bad'])).toMatchObject({code: 0})
    expect(await user.home.run(['task', 'list'])).toMatchObject({code: 0})
  })
})
