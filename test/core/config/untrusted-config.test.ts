import {existsSync, mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from '@jest/globals'
import {formatPath} from '../../../src/core/config/config-path.js'
import {describeIgnored, requireTrusted} from '../../../src/core/config/restrict-untrusted.js'
import {trustFile} from '../../../src/core/security/project-trust.js'
import {makeConfigFolders} from '../../fixtures/config-folders.js'

const HOSTILE = {
  database: {url: 'postgres://evil.example/steal'},
  workers: {pool: {evil: {host: 'evil.example'}}, max_concurrent_tasks: 100, auto_install: false},
  providers: {openai: {base_url: 'https://evil.example'}},
  clients: {rest_api: {cors: {allowed_origins: ['*']}}, cli: {output_format: 'json'}},
  global: {log_level: 'debug'},
}

describe('an untrusted project', () => {
  it('decides how things look and nothing else', async () => {
    const folders = makeConfigFolders()
    const file = folders.writeProject('helix.json', HOSTILE)
    const {values, ignored} = await folders.load()
    expect(values).toMatchObject({clients: {cli: {output_format: 'json'}}, global: {log_level: 'debug'}})
    expect(values.database.url).toBeUndefined()
    expect(values.workers).toMatchObject({pool: {}, max_concurrent_tasks: 10})
    expect(values.providers).toEqual({})
    expect(values.clients.rest_api.cors.allowed_origins).toEqual([])
    expect(ignored?.file).toBe(file)
    expect(ignored?.paths.map(formatPath)).toEqual([
      'database.url',
      'workers.pool.evil.host',
      'workers.max_concurrent_tasks',
      'workers.auto_install',
      'providers.openai.base_url',
      'clients.rest_api.cors.allowed_origins',
    ])
    expect(describeIgnored(ignored!)).toMatch(/helix\.json is not trusted, .*: database\.url, .* and 1 more\. Read it, then: helix trust$/)
  })

  it('ends a command that needs one of its settings', async () => {
    const folders = makeConfigFolders()
    folders.writeProject('helix.json', HOSTILE)
    const loaded = await folders.load()
    for (const path of ['workers.pool', 'workers.pool.evil.host', 'workers', 'database.url']) {
      expect(() => requireTrusted(loaded, path)).toThrow(expect.objectContaining({kind: 'denied', code: 'PROJECT_UNTRUSTED'}))
    }
    expect(() => requireTrusted(loaded, 'workers.health_check_interval')).not.toThrow()
    expect(() => requireTrusted(loaded, 'clients.cli')).not.toThrow()
  })

  it('is missed by nobody where a variable says the same', async () => {
    const folders = makeConfigFolders()
    folders.writeProject('helix.json', {database: HOSTILE.database})
    expect((await folders.load({HELIX_DATABASE_URL: 'postgres://mine/db'})).ignored).toBeUndefined()
  })

  it('counts in full once its content is trusted, until that changes', async () => {
    const folders = makeConfigFolders()
    const content = JSON.stringify(HOSTILE)
    const file = folders.writeProject('helix.json', content)
    await trustFile(file, content, folders.configDir)
    expect(await folders.load()).toMatchObject({ignored: undefined, values: {workers: {pool: {evil: {host: 'evil.example'}}}}})
    folders.writeProject('helix.json', content.replace('evil.example', 'worse.example'))
    expect((await folders.load()).ignored).toBeDefined()
  })

  it('is not trusted because another file with the same content is', async () => {
    const folders = makeConfigFolders()
    const content = JSON.stringify(HOSTILE)
    await trustFile(folders.writeProject('a/helix.json', content), content, folders.configDir)
    folders.writeProject('b/helix.json', content)
    expect((await folders.load({}, join(folders.project, 'b'))).ignored).toBeDefined()
  })

  it.each([
    ['1', undefined],
    ['', 'ignored'],
    ['0', 'ignored'],
  ])('HELIX_TRUST_PROJECT=%j', async (value, ignored) => {
    const folders = makeConfigFolders()
    folders.writeProject('helix.json', HOSTILE)
    const loaded = await folders.load({HELIX_TRUST_PROJECT: value})
    expect(loaded.ignored === undefined).toBe(ignored === undefined)
  })

  it('of a package.json stays trusted when something else in it changes', async () => {
    const folders = makeConfigFolders()
    const file = folders.writeProject('package.json', {version: '1', helix: HOSTILE})
    await trustFile(file, JSON.stringify(HOSTILE), folders.configDir)
    folders.writeProject('package.json', {version: '2', helix: HOSTILE})
    expect((await folders.load()).ignored).toBeUndefined()
    folders.writeProject('package.json', {version: '2', helix: {...HOSTILE, database: {url: 'postgres://worse/x'}}})
    expect((await folders.load()).ignored).toBeDefined()
  })
})

describe('code in a project', () => {
  const bomb = (mark: string) => `require('node:fs').writeFileSync(${JSON.stringify(mark)}, ''); module.exports = {workers: {max_concurrent_tasks: 99}}`
  const esmBomb = (mark: string) => `import {writeFileSync} from 'node:fs'; writeFileSync(${JSON.stringify(mark)}, ''); export default {}`

  // The current folder is the project, which is where cosmiconfig looks for its own settings.
  async function loadIn(folders: ReturnType<typeof makeConfigFolders>, env: NodeJS.ProcessEnv = {}) {
    const cwd = process.cwd()
    process.chdir(folders.project)
    try {
      return await folders.load(env)
    } finally {
      expect(process.cwd()).toBe(folders.project)
      process.chdir(cwd)
    }
  }

  it.each(['.helixrc.js', '.helixrc.cjs', '.helixrc.mjs', '.helixrc.ts', '.helixrc.cts', '.helixrc.mts'])(
    '%s is refused, not run, trusted or not',
    async (name) => {
      const folders = makeConfigFolders()
      const mark = join(folders.project, 'ran')
      folders.writeProject(name, name.endsWith('mjs') || name.endsWith('mts') ? esmBomb(mark) : bomb(mark))
      for (const env of [{}, {HELIX_TRUST_PROJECT: '1'}]) {
        await expect(loadIn(folders, env)).rejects.toMatchObject({kind: 'config', code: 'CONFIG_IS_CODE', message: expect.stringContaining(name)})
      }
      expect(existsSync(mark)).toBe(false)
    },
  )

  it.each([
    ['.config/config.js', bomb],
    ['.config/config.cjs', bomb],
    ['.config/config.ts', bomb],
    ['.config/config.mjs', esmBomb],
    ['.config/helixrc.js', bomb],
    ['.config/helixrc.cjs', bomb],
    ['helix.config.js', bomb],
    ['helix.config.cjs', bomb],
  ])('in %s, where cosmiconfig looks too, is not run', async (name, code) => {
    const folders = makeConfigFolders()
    const mark = join(folders.project, 'ran')
    folders.writeProject(name, code(mark))
    folders.writeProject('helix.json', {clients: {cli: {output_format: 'json'}}})
    const {values} = await loadIn(folders, {HELIX_TRUST_PROJECT: '1'})
    expect(values).toMatchObject({clients: {cli: {output_format: 'json'}}, workers: {max_concurrent_tasks: 10}})
    expect(existsSync(mark)).toBe(false)
  })

  it.each([
    ['package.yaml', 'cosmiconfig:\n  searchPlaces: [evil.cjs]\nhelix:\n  workers: {max_concurrent_tasks: 99}\n'],
    ['package.json', {cosmiconfig: {searchPlaces: ['evil.cjs']}}],
    ['.config/config.json', {cosmiconfig: {searchPlaces: ['evil.cjs']}, helix: {workers: {max_concurrent_tasks: 99}}}],
  ])('is not run because %s names it as a place to search', async (name, content) => {
    const folders = makeConfigFolders()
    const mark = join(folders.project, 'ran')
    folders.writeProject('evil.cjs', bomb(mark))
    folders.writeProject(name, content)
    folders.writeProject('.helixrc', {})
    expect((await loadIn(folders, {HELIX_TRUST_PROJECT: '1'})).values.workers.max_concurrent_tasks).toBe(10)
    expect(existsSync(mark)).toBe(false)
  })

  it('is not run through $import', async () => {
    const folders = makeConfigFolders()
    const mark = join(folders.project, 'ran')
    folders.writeProject('evil.cjs', bomb(mark))
    for (const [name, content] of [
      ['helix.json', {$import: './evil.cjs'}],
      ['package.json', {helix: {$import: ['./evil.cjs']}}],
    ] as const) {
      mkdirSync(join(folders.project, name.replace('.', '-')))
      folders.writeProject(`${name.replace('.', '-')}/${name}`, content)
      await expect(folders.load({HELIX_TRUST_PROJECT: '1'}, join(folders.project, name.replace('.', '-')))).rejects.toMatchObject({kind: 'config'})
    }
    expect(existsSync(mark)).toBe(false)
  })
})
