import {execFileSync} from 'node:child_process'
import {chmodSync, mkdirSync, symlinkSync, truncateSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from '@jest/globals'
import {type ConfigFolders, makeConfigFolders} from '../../fixtures/config-folders.js'

async function refusalOf(folders: ConfigFolders): Promise<string> {
  const error = await folders.load().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({kind: 'config'})
  const {message} = error as Error
  expect([...message].filter((character) => character < ' ')).toEqual([])
  expect(message.length).toBeLessThan(400)
  return message
}

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
}

describe.each(['user', 'project'])('a broken file of the %s', (owner) => {
  const write = (folders: ConfigFolders, name: string, content: unknown) =>
    owner === 'user' ? folders.writeUser(name, content) : folders.writeProject(name, content)

  it.each([
    ['helix.json', '{"workers": {"enabled": true,}}', ':1:30: expected a key in double quotes'],
    ['helix.json', '{\n  "workers": {}\n  "database": {}\n}', ':3:3: expected , or }'],
    ['helix.json', '{"database": hunter2}', ':1:14: expected a value'],
    ['helix.json', '{"workers": {', ':1:14: expected a key in double quotes but the text ends here'],
    ['helix.json', '{"workers": {"pool": {"a": {"host": "x"}, "a": {"host": "y"}}}}', ':1:43: the key "a" is there twice'],
    ['helix.json', '{} {}', ':1:4: expected nothing more'],
    ['helix.json', '{"global": {"project": "a\nb"}}', ':1:24: expected a value'],
    ['helix.json', '', ': is empty: write {} into it, or remove it'],
    ['helix.json', '\uFEFF \n', ': is empty: write {} into it, or remove it'],
    ['helix.json', '[]', ': the settings must be an object'],
    ['helix.json', '"workers"', ': the settings must be an object'],
    ['helix.json', nested(65), ':1:321: nested more than 64 levels deep'],
    ['helix.json', `{"providers": {"x": {"a": ${'['.repeat(100_000)}`, 'nested more than 64 levels deep'],
    ['helix.json', '{"__proto__": {"polluted": true}}', ':1:2: the key __proto__ is not allowed'],
    ['helix.json', '{"providers": {"x": {"constructor": {}}}}', ': the key constructor is not allowed'],
    ['helix.json', '{"providers": {"x": {"\\u005f_proto__": {}}}}', ': the key __proto__ is not allowed'],
    ['helix.json', '{"$import": "./other.json"}', ': $import is not supported'],
    ['helix.json', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), ': is not valid UTF-8'],
    ['helix.json', {workers: {health_check_interval: 5}}, ': workers.health_check_interval must be at least 10'],
    ['helix.json', {workers: {helth_check_interval: 30}}, ': workers.helth_check_interval is not a setting; did you mean health_check_interval?'],
    ['helix.json', {workers: {pool: {a: {host: 'a', password: 'hunter2'}}}}, 'the password itself is refused'],
    ['helix.json', {workers: {enabled: 1}, clients: 2, ui: 3}, ' (and 2 more: helix config validate lists them)'],
    ['helix.json', {'\u001b[2J\u009b2J\u202e': 1}, ': ["\\u001b[2J\\u009b2J\\u202e"] is not a setting'],
    ['helix.json', {[`a${'b'.repeat(100_000)}`]: 1}, 'bb…"] is not a setting'],
    ['.helixrc.json', '{', ':1:2: expected a key in double quotes but the text ends here'],
    ['.helixrc', '{"a" 1}', ':1:6: expected :'],
    ['.helixrc.yaml', 'workers:\n  enabled: true\n  enabled: false\n', ':3:3: Map keys must be unique'],
    ['.helixrc.yaml', 'workers: [', 'Flow sequence'],
    ['.helixrc.yaml', 'a: 1\n---\nb: 2\n', 'Source contains multiple documents'],
    ['.helixrc.yaml', 'workers: !!js/function "process.exit()"', ':1:10: Unresolved tag'],
    ['.helixrc.yaml', 'workers: *nothing', 'Unresolved alias'],
    [
      '.helixrc.yaml',
      `a: &a [x]\n${'bcdefgh'.replaceAll(/./g, (c) => `${c}: &${c} [${Array(9).fill(`*${String.fromCharCode(c.charCodeAt(0) - 1)}`)}]\n`)}`,
      'Excessive alias count',
    ],
    ['.helixrc.yaml', 'providers: {x: &x {a: *x}}', 'nested more than 64 levels deep'],
    ['.helixrc.yaml', '- '.repeat(30_000), 'nested more than 64 levels deep'],
    ['.helixrc.yaml', nested(65), 'nested more than 64 levels deep'],
    ['.helixrc.yaml', '{__proto__: {polluted: true}}', 'the key __proto__ is not allowed'],
    ['.helixrc.yaml', '"__proto__": {polluted: true}', 'the key __proto__ is not allowed'],
    ['.helixrc.yaml', `workers: {} # ${' '.repeat(70_000)}`, 'YAML larger than 64 KiB is not read'],
  ])('%s (%#) is refused in one line', async (name, content, message) => {
    const folders = makeConfigFolders()
    const file = write(folders, name, content)
    const refusal = await refusalOf(folders)
    expect(refusal).toContain(file)
    expect(refusal).toContain(message)
    expect(refusal).not.toContain('hunter2')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('a file that cannot be read', () => {
  it('is refused when it is larger than 1 MiB, before it is read', async () => {
    const folders = makeConfigFolders()
    truncateSync(folders.writeUser('helix.json', '{}'), 64 * 1024 ** 3)
    expect(await refusalOf(folders)).toMatch(/helix\.json: is larger than 1 MiB$/)
  })

  it('is refused when it is a folder, a pipe or a device', async () => {
    const folders = makeConfigFolders()
    mkdirSync(join(folders.project, 'helix.json'))
    expect(await refusalOf(folders)).toMatch(/project\/helix\.json: is a folder, not a file$/)
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(folders.configDir, 'helix.json')])
    expect(await refusalOf(folders)).toMatch(/config\/helix\.json: is a device or a pipe, not a file$/)
    const other = makeConfigFolders()
    symlinkSync('/dev/zero', join(other.project, '.helixrc'))
    expect(await refusalOf(other)).toMatch(/\.helixrc: is a device or a pipe, not a file$/)
  })

  it('is refused when it is a link in a circle or to nowhere', async () => {
    const folders = makeConfigFolders()
    symlinkSync('helix.json', join(folders.project, 'helix.json'))
    expect(await refusalOf(folders)).toMatch(/helix\.json: cannot be read: the link leads back to itself$/)
    symlinkSync('/nowhere/helix.json', join(folders.configDir, 'helix.json'))
    expect(await refusalOf(folders)).toMatch(/config\/helix\.json: cannot be read: there is no such file, or the link leads nowhere$/)
  })

  it('is refused when its mode forbids reading', async () => {
    const folders = makeConfigFolders()
    await folders.load()
    chmodSync(folders.writeUser('helix.json', {}), 0)
    expect(await asOrdinaryUser(folders, () => refusalOf(folders))).toMatch(/helix\.json: cannot be read: permission denied$/)
  })
})

describe('a config folder that may not be searched', () => {
  it('is an error and not the defaults', async () => {
    const folders = makeConfigFolders()
    folders.writeUser('helix.json', {})
    chmodSync(folders.configDir, 0)
    expect(await asOrdinaryUser(folders, () => refusalOf(folders))).toMatch(/config: the config folder cannot be searched: .*permission denied/)
  })
})

// Root reads everything, so it becomes nobody for a moment.
async function asOrdinaryUser<T>(folders: ConfigFolders, action: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return await action()
  chmodSync(join(folders.configDir, '..'), 0o755)
  process.seteuid?.(65_534)
  try {
    return await action()
  } finally {
    process.seteuid?.(0)
  }
}
