import {existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {describe, expect, it} from '@jest/globals'
import {execa} from 'execa'
import {makeHelixHome} from '../fixtures/helix.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ids = readdirSync(join(ROOT, 'src/plugins'))
const readJson = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'))
const root = readJson(ROOT, 'package.json')

it('every provider is a target of the hook', () => {
  expect(root.oclif.hooks['helix:provider']).toEqual(ids.map((id) => `./dist/plugins/${id}/plugin.cjs`))
})

describe.each(ids)('the provider %s', (id) => {
  const folder = join(ROOT, 'src/plugins', id)

  it('has the files of every provider, and a package of its own', () => {
    expect(['plugin.ts', 'chat.ts', 'wire.ts', 'package.json', 'README.md'].filter((file) => !existsSync(join(folder, file)))).toEqual([])
    expect(readJson(folder, 'package.json')).toMatchObject({
      name: `@helix-cli/provider-${id}`,
      version: root.version,
      license: root.license,
      type: 'module',
      oclif: {hooks: {'helix:provider': './plugin.js'}},
      peerDependencies: {'helix-cli': `^${root.version}`},
    })
  })

  it('depends on the versions that Helix itself is built with', () => {
    const {dependencies = {}, peerDependencies} = readJson(folder, 'package.json')
    const {'helix-cli': _, ...peers} = peerDependencies
    for (const [name, version] of Object.entries({...dependencies, ...peers})) expect([name, version]).toEqual([name, root.devDependencies[name]])
  })

  it('works as an ordinary oclif plugin when it is packed and installed by itself', async () => {
    const home = makeHelixHome()
    const built = join(home.root, 'built')
    mkdirSync(built)
    await execa(process.execPath, ['scripts/pack-provider.js', id, built], {cwd: ROOT})
    // Under another id, since Helix has brought one with this id.
    const plugin = readFileSync(join(built, 'plugin.js'), 'utf8')
    writeFileSync(join(built, 'plugin.js'), plugin.replace(`id: "${id}"`, `id: "packed-${id}"`))
    await execa('npm', ['pack', '--offline', '--pack-destination', home.root], {cwd: built})
    const [tarball = ''] = readdirSync(home.root).filter((file) => file.endsWith('.tgz'))

    const modules = join(home.dataDir, 'node_modules')
    const {name, dependencies = {}} = readJson(built, 'package.json')
    const installed = join(modules, name)
    mkdirSync(installed, {recursive: true})
    await execa('tar', ['-xzf', join(home.root, tarball), '--strip-components=1', '-C', installed])
    symlinkSync(ROOT, join(modules, 'helix-cli'))
    for (const dependency of Object.keys(dependencies)) {
      mkdirSync(dirname(join(modules, dependency)), {recursive: true})
      symlinkSync(join(ROOT, 'node_modules', dependency), join(modules, dependency))
    }
    writeFileSync(join(home.dataDir, 'package.json'), JSON.stringify({private: true, oclif: {plugins: [{name, type: 'user'}]}}))

    const list = await home.run(['provider', 'list', '--json'])
    expect(list).toMatchObject({code: 0, stderr: ''})
    const [builtIn, packed] = [id, `packed-${id}`].map((wanted) => JSON.parse(list.stdout).providers.find((provider: {id: string}) => provider.id === wanted))
    expect(packed).toEqual({...builtIn, id: `packed-${id}`, type: `packed-${id}`})
    // It comes to the adapter: what is asked for is told apart from what is missing.
    const asked = await home.run(['chat', '-m', `packed-${id}//no/such/model`, '-p', 'hello'], {
      env: {[`HELIX_PROVIDERS__PACKED-${id.toUpperCase()}__BASE_URL`]: 'http://127.0.0.1:9'},
    })
    expect(asked).toMatchObject({stdout: '', stderr: expect.stringMatching(/^Error: .*\n.*\n$/)})
    expect(asked.stderr).not.toMatch(/bug|ERR_MODULE_NOT_FOUND|does not provide an export/)
  })
})
