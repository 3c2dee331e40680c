import {chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from '@jest/globals'
import {setSetting, unsetSetting} from '../../../src/core/config/edit-config.js'
import {makeConfigFolders} from '../../fixtures/config-folders.js'

const text = (file: string) => readFileSync(file, 'utf8')

describe('setting a setting', () => {
  it('makes the user’s helix.json, readable by nobody else, also where the folder is missing', async () => {
    const folders = makeConfigFolders()
    const location = {...folders.location(), configDir: join(folders.configDir, 'new')}
    const {file} = await setSetting('workers.max_concurrent_tasks', '20', 'user', location)
    expect(file).toBe(join(folders.configDir, 'new/helix.json'))
    expect(text(file)).toBe('{\n  "workers": {\n    "max_concurrent_tasks": 20\n  }\n}\n')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(folders.configDir, 'new')).mode & 0o777).toBe(0o700)
  })

  it('keeps the rest of the file, its indentation, its mode and a link to it', async () => {
    const folders = makeConfigFolders()
    const real = folders.writeUser('dotfiles/helix.json', '{\n\t"ui": {},\n\t"workers": {"pool": {"worker-node-1": {"host": "w"}}}\n}')
    chmodSync(real, 0o640)
    symlinkSync(real, join(folders.configDir, 'helix.json'))
    await setSetting('workers.pool.worker-node-1.port', '2222', 'user', folders.location())
    expect(JSON.parse(text(real))).toEqual({ui: {}, workers: {pool: {'worker-node-1': {host: 'w', port: 2222}}}})
    expect(text(real)).toMatch(/^\{\n\t"ui"/)
    expect(statSync(real).mode & 0o777).toBe(0o640)
    expect(lstatSync(join(folders.configDir, 'helix.json')).isSymbolicLink()).toBe(true)
  })

  it.each([
    ['workers.pool["gpu.example"].host', 'gpu.example', {workers: {pool: {'gpu.example': {host: 'gpu.example'}}}}],
    ['workers.pool.a', '{"host": "a"}', {workers: {pool: {a: {host: 'a'}}}}],
    ['clients.mobile.platforms', 'ios,android', {clients: {mobile: {platforms: ['ios', 'android']}}}],
    ['clients.mobile.platforms', '["ios"]', {clients: {mobile: {platforms: ['ios']}}}],
    ['workers.enabled', 'false', {workers: {enabled: false}}],
    ['clients.terminal_ui.theme', '12', {clients: {terminal_ui: {theme: '12'}}}],
    ['providers.x.api_key', 'env:X_KEY', {providers: {x: {api_key: 'env:X_KEY'}}}],
    ['providers.x.retries', '3', {providers: {x: {retries: 3}}}],
    ['providers.x.region', 'eu-1', {providers: {x: {region: 'eu-1'}}}],
  ])('%s to %s', async (path, value, document) => {
    const folders = makeConfigFolders()
    const {file} = await setSetting(path, value, 'user', folders.location())
    expect(JSON.parse(text(file))).toEqual(document)
  })

  it.each([
    ['workers.max_concurrent_tasks', '0', 'config', /^workers\.max_concurrent_tasks must be at least 1$/],
    ['workers.max_concurrent_tasks', 'ten', 'config', /must be a whole number, not a string$/],
    ['workers.max_concurent_tasks', '10', 'config', /is not a setting; did you mean max_concurrent_tasks\?$/],
    ['workers.pool.a.password', 'hunter2', 'config', /the password itself is refused$/],
    ['workers.pool.b.port', '22', 'config', /^workers\.pool\.b\.host is missing$/],
    ['workers.pool.a', '{"host": }', 'config', /^workers\.pool\.a: expected a value$/],
    ['workers.pool.local.host', 'a', 'config', /not acceptable as a name/],
    ['providers.__proto__.x', '1', 'usage', /^"providers\.__proto__\.x" is not the path of a setting$/],
    ['providers.constructor.x', '1', 'usage', /is not the path of a setting$/],
    ['providers.x.y', '{"__proto__": 1}', 'config', /the key __proto__ is not allowed/],
    ['workers..pool', '1', 'usage', /is not the path of a setting$/],
    ['', '1', 'usage', /is not the path of a setting$/],
  ])('%s to %s is refused and leaves the file as it was', async (path, value, kind, message) => {
    const folders = makeConfigFolders()
    const before = '{"workers": {"pool": {"a": {"host": "a"}}}}'
    const file = folders.writeUser('helix.json', before)
    await expect(setSetting(path, value, 'user', folders.location())).rejects.toMatchObject({kind, message: expect.stringMatching(message)})
    expect(text(file)).toBe(before)
    expect(readdirSync(folders.configDir)).toEqual(['helix.json'])
  })

  it('is refused while the file has another problem', async () => {
    const folders = makeConfigFolders()
    const file = folders.writeUser('helix.json', '{"wrokers": {}}')
    const setting = setSetting('workers.enabled', 'true', 'user', folders.location())
    await expect(setting).rejects.toMatchObject({message: `${file}: wrokers is not a setting; did you mean workers?`})
    expect(text(file)).toBe('{"wrokers": {}}')
  })

  it.each([
    ['.helixrc.yaml', 'workers: {enabled: true} # mine\n', /is YAML, which Helix reads but does not rewrite/],
    ['package.json', '{"helix": {}}', /is not rewritten by Helix$/],
  ])('does not rewrite %s, nor put a file beside it that would hide it', async (name, content, message) => {
    const folders = makeConfigFolders()
    const file = folders.writeProject(name, content)
    await expect(setSetting('workers.enabled', 'false', 'project', folders.location())).rejects.toMatchObject({message: expect.stringMatching(message)})
    expect(text(file)).toBe(content)
    expect(existsSync(join(folders.project, 'helix.json'))).toBe(false)
  })

  it('of twenty processes at once loses none', async () => {
    const folders = makeConfigFolders()
    const names = Array.from({length: 20}, (_, index) => `w${index}`)
    await Promise.all(names.map((name) => setSetting(`workers.pool.${name}.host`, name, 'user', folders.location())))
    expect(Object.keys((await folders.load()).values.workers.pool).toSorted()).toEqual(names.toSorted())
    expect(readdirSync(folders.configDir)).toEqual(['helix.json'])
  })
})

describe('setting a setting of the project', () => {
  it('makes a trusted helix.json in the current folder', async () => {
    const folders = makeConfigFolders()
    const {file} = await setSetting('workers.max_concurrent_tasks', '3', 'project', folders.location())
    expect(file).toBe(join(folders.project, 'helix.json'))
    expect(await folders.load()).toMatchObject({ignored: undefined, values: {workers: {max_concurrent_tasks: 3}}})
  })

  it('writes the nearest file above and keeps its trust', async () => {
    const folders = makeConfigFolders()
    await setSetting('workers.max_concurrent_tasks', '3', 'project', folders.location())
    mkdirSync(join(folders.project, 'a'))
    const {file} = await setSetting('workers.enabled', 'false', 'project', {...folders.location(), cwd: join(folders.project, 'a')})
    expect(file).toBe(join(folders.project, 'helix.json'))
    expect(await folders.load()).toMatchObject({ignored: undefined, values: {workers: {max_concurrent_tasks: 3, enabled: false}}})
  })

  it('does not trust what a stranger wrote into the file', async () => {
    const folders = makeConfigFolders()
    folders.writeProject('helix.json', {workers: {pool: {evil: {host: 'evil.example'}}}})
    await setSetting('clients.cli.output_format', 'json', 'project', folders.location({HELIX_TRUST_PROJECT: '1'}))
    expect((await folders.load()).ignored?.paths).toEqual([['workers', 'pool', 'evil', 'host']])
  })

  it('may change one setting of a worker that the user’s file describes', async () => {
    const folders = makeConfigFolders()
    folders.writeUser('helix.json', {workers: {pool: {gpu: {host: 'gpu.example'}}}})
    await setSetting('workers.pool.gpu.slots', '4', 'project', folders.location())
    expect((await folders.load()).values.workers.pool.gpu).toMatchObject({host: 'gpu.example', slots: 4})
  })
})

describe('unsetting a setting', () => {
  it('removes it and the objects that this leaves empty', async () => {
    const folders = makeConfigFolders()
    const file = folders.writeUser('helix.json', {workers: {pool: {a: {host: 'a'}, b: {host: 'b'}}}, clients: {cli: {output_format: 'json'}}})
    expect(await unsetSetting('clients.cli.output_format', 'user', folders.location())).toMatchObject({removed: true})
    expect(await unsetSetting('workers.pool.a', 'user', folders.location())).toMatchObject({removed: true})
    expect(JSON.parse(text(file))).toEqual({workers: {pool: {b: {host: 'b'}}}})
  })

  it('leaves the file alone where it is not set, and makes none', async () => {
    const folders = makeConfigFolders()
    expect(await unsetSetting('workers.enabled', 'user', folders.location())).toMatchObject({removed: false})
    expect(readdirSync(folders.configDir)).toEqual([])
  })

  it('is refused where what is left would be wrong', async () => {
    const folders = makeConfigFolders()
    const file = folders.writeUser('helix.json', '{"workers":{"pool":{"a":{"host":"a","port":22}}}}')
    await expect(unsetSetting('workers.pool.a.host', 'user', folders.location())).rejects.toMatchObject({message: 'workers.pool.a.host is missing'})
    expect(text(file)).toContain('"host":"a"')
  })
})
