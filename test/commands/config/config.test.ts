import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from '@jest/globals'
import {Ajv} from 'ajv'
import {makeHelixHome} from '../../fixtures/helix.js'

describe('helix config', () => {
  it('sets, gets and unsets a setting', async () => {
    const home = makeHelixHome()
    expect(await home.run(['config', 'set', 'workers.max_concurrent_tasks', '20'])).toMatchObject({code: 0, stderr: ''})
    expect(await home.run(['config', 'get', 'workers.max_concurrent_tasks'])).toMatchObject({code: 0, stdout: '20\n', stderr: ''})
    expect(await home.run(['config', 'unset', 'workers.max_concurrent_tasks'])).toMatchObject({code: 0})
    expect(await home.run(['config', 'get', 'workers.max_concurrent_tasks', '--json'])).toMatchObject({
      code: 0,
      stdout: `${JSON.stringify({path: 'workers.max_concurrent_tasks', value: 10}, null, 2)}\n`,
    })
  })

  it('reads no setting from stdin', async () => {
    expect(await makeHelixHome().run(['config', 'set', 'workers.enabled'], {input: 'false\n'})).toMatchObject({code: 2})
  })

  it.each([
    [['set', 'workers.max_concurrent_tasks', '1000'], 78, 'Error: workers.max_concurrent_tasks must be at most 100\n'],
    [['set', 'workers.pool.a.password', 'hunter2'], 78, 'the password itself is refused\n'],
    [['get', 'wrokers.pool'], 78, 'Error: wrokers is not a setting; did you mean workers?\n'],
    [['get', 'database.url'], 78, 'Error: database.url is not set\n'],
    [['get', '..'], 2, 'Error: ".." is not the path of a setting\n'],
    [['validate', 'missing.json'], 78, 'missing.json: cannot be read: there is no such file'],
  ])('%j exits %i', async (args, code, stderr) => {
    const result = await makeHelixHome().run(['config', ...args])
    expect(result).toMatchObject({code, stdout: '', stderr: expect.stringContaining(stderr)})
    expect(result.stderr).not.toContain('hunter2')
  })

  it('lists every setting with its origin and without its secrets', async () => {
    const home = makeHelixHome({HELIX_DATABASE_URL: 'postgres://u:hunter2@h/d', HELIX_WORKERS__AUTO_INSTALL: undefined})
    await home.run(['config', 'set', 'workers.enabled', 'false'])
    const {stdout, code} = await home.run(['config', 'list', '--show-origin'])
    expect(code).toBe(0)
    expect(stdout).toContain('database.url=postgres://u:[redacted]@h/d\tenvironment HELIX_DATABASE_URL\n')
    expect(stdout).toContain(`workers.enabled=false\tuser ${home.configDir}/helix.json\n`)
    expect(stdout).toContain('workers.auto_install=true\tdefault\n')
    expect(stdout).not.toContain('hunter2')
  })

  it('keeps what many processes set at once', async () => {
    const home = makeHelixHome()
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const results = await Promise.all(names.map((name) => home.run(['config', 'set', `workers.pool.${name}.host`, name])))
    expect(results.map(({code}) => code)).toEqual(names.map(() => 0))
    expect(Object.keys(JSON.parse(readFileSync(join(home.configDir, 'helix.json'), 'utf8')).workers.pool).toSorted()).toEqual(names)
  })

  it('prints a JSON Schema that is one', async () => {
    const {stdout} = await makeHelixHome().run(['config', 'schema'])
    const isValid = new Ajv({strict: false}).compile(JSON.parse(stdout))
    expect([isValid({workers: {health_check_interval: 30}}), isValid({workers: {health_check_interval: 5}})]).toEqual([true, false])
  })

  it('tells all that is wrong with a file, and still says which files there are', async () => {
    const home = makeHelixHome()
    const file = join(home.root, 'helix.json')
    writeFileSync(file, '{"workers": {"enabled": 1, "poool": {}}}')
    expect(await home.run(['config', 'validate'])).toMatchObject({
      code: 78,
      stderr: `Error: ${file}: 2 problems: workers.enabled must be true or false, not a number; workers.poool is not a setting; did you mean pool?\n`,
    })
    expect(await home.run(['config', 'path', '--json'])).toMatchObject({code: 0, stdout: `${JSON.stringify({user_file: null, project_file: file}, null, 2)}\n`})
    expect(await home.run(['config', 'list'])).toMatchObject({code: 78, stdout: '', stderr: expect.stringMatching(/^Error: [^\n]+\n$/)})
  })

  it('passes a right file', async () => {
    const home = makeHelixHome()
    const file = join(home.root, 'other.json')
    writeFileSync(file, '{"workers": {"enabled": false}}')
    expect(await home.run(['config', 'validate', 'other.json'])).toMatchObject({code: 0, stdout: `${file} is right.\n`})
    expect(await home.run(['config', 'validate'])).toMatchObject({code: 0, stdout: expect.stringContaining('no config file')})
  })
})

describe('helix trust', () => {
  const settings = {workers: {pool: {evil: {host: 'evil.example'}}}, clients: {cli: {auto_complete: false}}}

  it('lets a project count that did not before, until its content changes', async () => {
    const home = makeHelixHome()
    const file = join(home.root, 'helix.json')
    writeFileSync(file, JSON.stringify(settings))
    const get = () => home.run(['config', 'get', 'workers.pool'])
    const untrusted = {
      code: 0,
      stdout: '{}\n',
      stderr: expect.stringMatching(/^Warning: [^\n]+ is not trusted[^\n]+: workers\.pool\.evil\.host\. [^\n]+: helix trust\n$/),
    }
    expect(await get()).toMatchObject(untrusted)
    const trusted = await home.run(['trust'])
    expect(trusted).toMatchObject({code: 0, stdout: expect.stringContaining('\n  workers.pool.evil.host=evil.example\n')})
    expect(await get()).toMatchObject({code: 0, stdout: expect.stringContaining('evil.example'), stderr: ''})
    expect(await home.run(['trust', '--list'])).toMatchObject({stdout: `trusted\t${file}\n`})
    writeFileSync(file, JSON.stringify({...settings, ui: {}}))
    expect(await get()).toMatchObject(untrusted)
    expect(await home.run(['trust', '--list'])).toMatchObject({stdout: `changed\t${file}\n`})
    expect(await home.run(['trust', '--revoke'])).toMatchObject({code: 0, stdout: `${file} is no longer trusted.\n`})
    expect(await home.run(['config', 'get', 'workers.pool'], {env: {HELIX_TRUST_PROJECT: '1'}})).toMatchObject({stderr: ''})
  })

  it('is refused where there is nothing to trust', async () => {
    expect(await makeHelixHome().run(['trust'])).toMatchObject({code: 78, stderr: expect.stringMatching(/^Error: no project config in /)})
  })
})

describe('code in the folder that helix starts in', () => {
  it.each(['.config/config.js', '.config/config.cjs', '.helixrc.cjs', '.helixrc.js', 'helix.config.cjs'])('is not run from %s', async (name) => {
    const home = makeHelixHome()
    const mark = join(home.root, 'ran')
    mkdirSync(join(home.root, '.config'))
    mkdirSync(home.configDir)
    writeFileSync(join(home.configDir, 'helix.json'), '{}')
    writeFileSync(join(home.root, name), `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`)
    for (const args of [['config', 'list'], ['config', 'set', 'workers.enabled', 'true'], ['config', 'validate'], ['trust']]) {
      const {code} = await home.run(args, {env: {HELIX_TRUST_PROJECT: '1'}})
      expect([0, 78]).toContain(code)
    }
    expect(() => readFileSync(mark)).toThrow('ENOENT')
  })
})
