import {mkdirSync, symlinkSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from '@jest/globals'
import {makeConfigFolders} from '../../fixtures/config-folders.js'

const TRUSTED = {HELIX_TRUST_PROJECT: '1'}

describe('where the config comes from', () => {
  it('is the defaults when there is no file', async () => {
    const loaded = await makeConfigFolders().load()
    expect(loaded).toMatchObject({userFile: undefined, projectFile: undefined, ignored: undefined})
    expect(loaded.values.workers).toEqual({
      enabled: true,
      pool: {},
      auto_install: true,
      health_check_interval: 30,
      max_concurrent_tasks: 10,
      log_retention_days: 14,
      log_retention_bytes: 10 * 1024 ** 3,
    })
    expect(loaded.values.database).toEqual({synchronous: 'normal'})
    expect(loaded.originOf(['workers', 'enabled'])).toEqual({source: 'default'})
  })

  it('goes from the defaults over the user and the project to the environment, key by key', async () => {
    const folders = makeConfigFolders()
    const user = folders.writeUser('helix.json', {
      workers: {max_concurrent_tasks: 2, health_check_interval: 20, pool: {gpu: {host: 'gpu.example', slots: 2}}},
      database: {synchronous: 'full'},
    })
    const project = folders.writeProject('helix.json', {workers: {max_concurrent_tasks: 3, health_check_interval: 40, pool: {gpu: {slots: 8}}}})
    const loaded = await folders.load({...TRUSTED, HELIX_WORKERS__MAX_CONCURRENT_TASKS: '4'})
    expect(loaded.values.workers).toMatchObject({max_concurrent_tasks: 4, health_check_interval: 40, pool: {gpu: {host: 'gpu.example', slots: 8}}})
    expect(loaded.values.database.synchronous).toBe('full')
    expect(loaded.originOf(['workers', 'max_concurrent_tasks'])).toEqual({source: 'environment', variable: 'HELIX_WORKERS__MAX_CONCURRENT_TASKS'})
    expect(loaded.originOf(['workers', 'pool', 'gpu', 'slots'])).toEqual({source: 'project', file: project})
    expect(loaded.originOf(['workers', 'pool', 'gpu', 'host'])).toEqual({source: 'user', file: user})
    expect(loaded.originOf(['workers', 'pool', 'gpu', 'labels'])).toEqual({source: 'default'})
  })

  it('takes the nearest project file above the current folder', async () => {
    const folders = makeConfigFolders()
    folders.writeProject('helix.json', {global: {log_level: 'error'}})
    const nearest = folders.writeProject('a/.helixrc.yaml', 'global:\n  log_level: debug # loud\n')
    mkdirSync(join(folders.project, 'a/b/c'), {recursive: true})
    const loaded = await folders.load({}, join(folders.project, 'a/b/c'))
    expect(loaded).toMatchObject({projectFile: nearest, values: {global: {log_level: 'debug'}}})
  })

  it.each([
    ['helix.json', '{"global": {"log_level": "debug"}}'],
    ['.helixrc', '{"global": {"log_level": "debug"}}'],
    ['.helixrc', 'global: {log_level: debug}'],
    ['.helixrc.json', '\uFEFF{"global": {"log_level": "debug"}}'],
    ['.helixrc.json', Buffer.from('\uFEFF{"global": {"log_level": "debug"}}', 'utf16le')],
    ['.helixrc.yaml', '\uFEFFglobal:\n  log_level: debug\n'],
    ['.helixrc.yml', 'global:\r\n  log_level: debug\r\n'],
  ])('reads %s (%#) of the user', async (name, content) => {
    const folders = makeConfigFolders()
    folders.writeUser(name, content)
    expect((await folders.load()).values.global.log_level).toBe('debug')
  })

  it('reads the key helix of a package.json and passes over one without it', async () => {
    const folders = makeConfigFolders()
    folders.writeProject('package.json', {name: 'p', helix: {clients: {cli: {output_format: 'yaml'}}}})
    folders.writeProject('lib/package.json', {name: 'helix', bin: {helix: 'x'}})
    expect((await folders.load({}, join(folders.project, 'lib'))).values.clients.cli.output_format).toBe('yaml')
  })

  it('counts a file once that is both the user’s and the project’s', async () => {
    const folders = makeConfigFolders()
    const file = folders.writeUser('helix.json', {workers: {max_concurrent_tasks: 7}})
    expect(await folders.load({}, folders.configDir)).toMatchObject({userFile: file, projectFile: undefined, ignored: undefined})
    symlinkSync(file, join(folders.project, 'helix.json'))
    expect(await folders.load()).toMatchObject({projectFile: undefined, ignored: undefined, values: {workers: {max_concurrent_tasks: 7}}})
  })

  it('takes a YAML file of comments as no settings', async () => {
    const folders = makeConfigFolders()
    folders.writeUser('.helixrc.yaml', '# nothing yet\n')
    expect((await folders.load()).values.workers.max_concurrent_tasks).toBe(10)
  })
})

describe('HELIX_ variables', () => {
  it.each([
    ['HELIX_DATABASE_URL', 'postgres://u:p@h/d', ['database', 'url'], 'postgres://u:p@h/d'],
    ['HELIX_DATABASE__URL', 'postgres://u:p@h/d', ['database', 'url'], 'postgres://u:p@h/d'],
    ['HELIX_WORKERS__AUTO_INSTALL', 'false', ['workers', 'auto_install'], false],
    ['HELIX_CLIENTS__TERMINAL_UI__THEME', '12', ['clients', 'terminal_ui', 'theme'], '12'],
    ['HELIX_PROVIDERS__DEEPSEEK__BASE_URL', 'https://d.example', ['providers', 'deepseek', 'base_url'], 'https://d.example'],
    ['HELIX_PROVIDERS__DEEPSEEK__RETRIES', '3', ['providers', 'deepseek', 'retries'], 3],
    ['HELIX_CLIENTS__REST_API__CORS__ALLOWED_ORIGINS', 'https://a, https://b', ['clients', 'rest_api', 'cors', 'allowed_origins'], ['https://a', 'https://b']],
    ['HELIX_WORKERS__POOL__WORKER_NODE_1__SLOTS', '4', ['workers', 'pool', 'worker-node-1', 'slots'], 4],
    ['HELIX_WORKERS__POOL', '{"b": {"host": "b"}}', ['workers', 'pool', 'b', 'host'], 'b'],
    ['HELIX_WORKERS__POOL__WORKER_NODE_1__PASSWORD', 'keyring:gpu', ['workers', 'pool', 'worker-node-1', 'password'], 'keyring:gpu'],
  ])('%s=%s sets %j', async (variable, text, path, value) => {
    const folders = makeConfigFolders()
    folders.writeUser('helix.json', {workers: {pool: {'worker-node-1': {host: 'w'}}}})
    const loaded = await folders.load({[variable]: text})
    expect(path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], loaded.values)).toEqual(value)
  })

  it('may hold a secret, of which the config keeps only where it is', async () => {
    const folders = makeConfigFolders()
    const {values} = await folders.load({HELIX_PROVIDERS__X__API_KEY: 'sk-secret'})
    expect(values.providers.x).toMatchObject({api_key: 'env:HELIX_PROVIDERS__X__API_KEY'})
    expect(JSON.stringify(values)).not.toContain('sk-secret')
  })

  it('describe a whole worker in any order', async () => {
    const {values} = await makeConfigFolders().load({HELIX_WORKERS__POOL__A__PORT: '2222', HELIX_WORKERS__POOL__A__HOST: 'a.example'})
    expect(values.workers.pool.a).toMatchObject({host: 'a.example', port: 2222, slots: 1})
  })

  it('count for nothing when they are empty or no business of the config', async () => {
    const env = {
      HELIX_WORKERS__ENABLED: '',
      HELIX_DATABASE_URL: '',
      HELIX_DATA_DIR: '/d',
      HELIX_RUNTIME: 'x',
      HELIX_EDITOR__THEME: 'dark',
      WORKERS__ENABLED: '0',
    }
    expect((await makeConfigFolders().load(env)).values.workers.enabled).toBe(true)
  })

  it.each([
    [
      {HELIX_WORKERS__MAX_CONCURRENT_TASKS: 'many'},
      /^HELIX_WORKERS__MAX_CONCURRENT_TASKS is wrong: workers.max_concurrent_tasks must be a whole number, not a string$/,
    ],
    [{HELIX_WORKERS__MAX_CONCURRENT_TASKS: '1000'}, /MAX_CONCURRENT_TASKS is wrong: .* must be at most 100$/],
    [{HELIX_WORKERS__ENABLED: 'yes'}, /must be true or false/],
    [{HELIX_WORKERS__MAX_TASKS: '1'}, /^HELIX_WORKERS__MAX_TASKS is wrong: workers.max_tasks is not a setting$/],
    [{HELIX_WORKER__ENABLED: '1'}, /did you mean HELIX_WORKERS__ENABLED\?$/],
    [{HELIX_WORKERS__POOL__A__PORT: '22'}, /^HELIX_WORKERS__POOL__A__PORT is wrong: workers.pool.a.host is missing$/],
    [{HELIX_WORKERS__POOL: '{"a": }'}, /^HELIX_WORKERS__POOL is wrong: expected a value$/],
    [{HELIX_WORKERS__POOL__LOCAL__HOST: 'a'}, /POOL__LOCAL__HOST is wrong: workers.pool.local is not acceptable as a name/],
    [{HELIX_PROVIDERS__CONSTRUCTOR__X: '1'}, /CONSTRUCTOR__X is wrong: the name is not allowed/],
  ])('%j is refused by name', async (env, message) => {
    await expect(makeConfigFolders().load(env)).rejects.toMatchObject({kind: 'config', message: expect.stringMatching(message)})
  })
})
