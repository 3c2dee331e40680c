import {chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {unprivilegedUser} from '../fixtures/postgres-programs.js'
import {generateKey, Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {storeContents} from '../fixtures/store-contents.js'
import {addWords, targetOf} from '../fixtures/worker-pool.js'

/** Runs a command line that must be refused: one line and perhaps a hint on stderr, nothing on stdout, nothing changed in the store. */
async function expectRefusal(home: HelixHome, args: readonly string[], code: number, says: string | RegExp, input = ''): Promise<void> {
  const before = storeContents(home)
  const result = await home.run(args, {input})
  expect(result).toMatchObject({code, stdout: ''})
  expect(result.stderr).toMatch(says)
  expect(result.stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
  if (before.workers) expect(storeContents(home)).toEqual(before)
  else expect(storeContents(home)).toMatchObject({})
}

describe('a command line that cannot be right', () => {
  let home: HelixHome

  beforeAll(async () => {
    home = makeHelixHome()
    await home.run(['task', 'run', '--', 'true'])
    writeFileSync(join(home.root, 'cycle.yaml'), 'tasks:\n  a: {run: "true", needs: [b]}\n  b: {run: "true", needs: [c]}\n  c: {run: "true", needs: [a]}\n')
    writeFileSync(join(home.root, 'nobody.yaml'), 'tasks:\n  a: {run: "true", needs: [zz]}\n')
    writeFileSync(join(home.root, 'words.yaml'), 'tasks:\n  a: {comand: ["true"]}\n')
    writeFileSync(join(home.root, 'broken.yaml'), 'tasks: [\n')
    writeFileSync(join(home.root, 'quantity.yaml'), 'tasks:\n  a: {run: "true"}\n  b: {run: "true", lost_after: soon}\n')
    writeFileSync(join(home.root, 'policy.yaml'), 'tasks:\n  b: {run: "true", lost_after: 1s}\n')
  })

  test.each<[args: string[], says: string | RegExp]>([
    [['task', 'apply', 'cycle.yaml'], /a.*b.*c|circle|cycle/],
    [['task', 'apply', 'nobody.yaml'], 'zz'],
    [['task', 'apply', 'words.yaml'], 'command'],
    [['task', 'apply', 'broken.yaml'], 'broken.yaml'],
    [['task', 'apply', 'missing.yaml'], 'missing.yaml'],
    [['task', 'run'], 'no command'],
    [['task', 'run', '--', ''], 'no command'],
    [['task', 'map', '--'], 'no command'],
    [['task', 'run', '--no-such-flag', '--', 'true'], '--no-such-flag'],
    [['task', 'run', '--priority', 'high', '--', 'true'], 'high'],
    [['task', 'run', '--timeout', 'soon', '--', 'true'], 'soon'],
    [['task', 'run', '--memory', 'much', '--', 'true'], 'much'],
    [['task', 'run', '--retry-on', 'luck', '--', 'true'], 'luck'],
    [['task', 'run', '--env', 'HELIX_TEST_UNSET', '--', 'true'], 'HELIX_TEST_UNSET'],
    [['task', 'run', '--env', 'a-b=1', '--', 'true'], 'a-b'],
    [['task', 'run', '--label', 'zone', '--', 'true'], 'NAME=VALUE'],
    [['task', 'run', '--worker', 'nobody', '--', 'true'], 'no worker named nobody'],
    [['worker', 'exec', 'nobody', '--', 'true'], 'no worker named nobody'],
    [['worker', 'test', 'nobody'], 'no worker named nobody'],
    [['worker', 'show', 'nobody'], 'no worker named nobody'],
    [['worker', 'set', 'nobody', '--slots', '2'], 'no worker named nobody'],
    [['worker', 'remove', 'nobody'], 'no worker named nobody'],
    [['worker', 'trust-key', 'nobody'], 'no worker named nobody'],
    [['worker', 'remove', 'local'], 'this machine'],
    [['task', 'show', 'zzzz'], 'no task zzzz'],
    [['task', 'show', '%'], 'no task %'],
    [['task', 'logs', '00000000-0000-4000-8000-000000000000'], 'no task'],
    [['task', 'cancel', 'zzzz'], 'no task zzzz'],
    [['task', 'retry', 'zzzz'], 'no task zzzz'],
    [['task', 'wait', 'zzzz'], 'no task zzzz'],
    [['task', 'list', '--status', 'sleeping'], 'sleeping'],
    [['task', 'list', '--output', 'xml'], 'xml'],
    [['task', 'show'], 'missing ID'],
    [['schedule', 'add', 'x', '--', 'true'], /^Error: missing --cron$/m],
    [['task', 'map', '--resume', '--', 'true'], /^Error: --resume needs --joblog$/m],
    [['task', 'run', '--at', '12:00', '--in', '1s', '--', 'true'], /^Error: --in and --at do not go together$/m],
    [['task', 'run', '--env-from', 'nowhere', '--', 'true'], /^Error: --env-from nowhere: there is no such file$/m],
    [['task', 'apply', 'quantity.yaml'], /^Error: quantity.yaml: tasks.b: soon is not a duration/m],
    [['task', 'apply', 'policy.yaml'], /^Error: policy.yaml: tasks.b: a worker counts as lost after 30 s/m],
    [['tsak', 'run'], 'task run'],
    [['task', 'rum', '--', 'true'], 'task run'],
    [['worker', 'lst'], 'worker list'],
    [['worker', 'add', 'w1', '-oProxyCommand=touch@x'], 'Nonexistent flag'],
    [['worker', 'add', 'w1', '--', '-oProxyCommand=touch@x'], 'not a user name'],
    [['worker', 'add', 'w1', 'me@-oProxyCommand=x'], 'not a host name'],
    [['worker', 'add', 'w1', 'me@host;reboot'], 'not a host name'],
    [['worker', 'add', 'w1', '$(reboot)@host'], 'not a user name'],
    [['worker', 'add', 'w1', 'me@host:99999'], 'port'],
    [['worker', 'add', 'w1', 'me@host:ssh'], 'port'],
    [['worker', 'add', 'local', 'me@host'], 'local cannot be the name'],
    [['worker', 'add', '../w', 'me@host'], 'cannot be the name'],
    [['worker', 'add', 'w1', 'me@host', '--slots', '0'], '0'],
    [['worker', 'add', 'w1', 'me@host', '--password', 'hunter2'], '--password takes env:NAME'],
    [['worker', 'add', 'w1', 'me@host', '--passphrase', 'hunter2'], '--passphrase takes env:NAME'],
  ])('is refused in a line with exit code 2: %j', async (args, says) => {
    await expectRefusal(home, args, 2, says)
  })

  test('never has its secret repeated', async () => {
    const {stderr} = await home.run(['worker', 'add', 'w1', 'me@host', '--password', 'hunter2'], {env: {DEBUG: '1'}})
    expect(stderr).not.toContain('hunter2')
  })

  test.each([
    ['{"workers": ', /helix\.json:1:13: expected a value/],
    ['{"workers": {"max_concurrent_tasks": 1000}}', /helix\.json: workers\.max_concurrent_tasks must be at most 100/],
    ['{"wrokers": {}}', /helix\.json: wrokers is not a setting; did you mean workers/],
    ['{"workers": {"pool": {"w1": {"host": "-oProxyCommand=x"}}}}', /helix\.json: workers\.pool\.w1\.host/],
    ['{"workers": {"pool": {"w1": {"host": "h", "password": "hunter2"}}}}', /the password itself is refused/],
  ])('because of a broken helix.json says what and where in it, exit code 78: %s', async (text, says) => {
    const user = makeHelixHome()
    mkdirSync(user.configDir)
    writeFileSync(join(user.configDir, 'helix.json'), text)
    await expectRefusal(user, ['task', 'run', '--', 'true'], 78, says)
    expect((await user.run(['task', 'list'])).stderr).not.toContain('hunter2')
  })
})

describe('a data folder that cannot be written', () => {
  test('because its permissions say so is told in a line with exit code 78', async () => {
    const user = makeHelixHome()
    mkdirSync(user.dataDir)
    const as = unprivilegedUser()
    if (as) for (const folder of [user.root, user.dataDir]) chownSync(folder, as.uid, as.gid)
    chmodSync(user.dataDir, 0o500)
    const refused = await user.run(['task', 'run', '--', 'true'], {as})
    expect(refused).toMatchObject({code: 78, stdout: ''})
    expect(refused.stderr).toMatch(/^Error: the (store|data folder) [^\n]+\n([^\n]+\n)?$/)
    expect(readdirSync(user.dataDir)).toEqual([])
  })

  test.each([
    ['the folder is a file', (user: HelixHome) => writeFileSync(user.dataDir, '')],
    ['the store is a folder', (user: HelixHome) => mkdirSync(join(user.dataDir, 'helix.db'), {recursive: true})],
    [
      'the store is not a database',
      (user: HelixHome) => {
        mkdirSync(user.dataDir)
        writeFileSync(join(user.dataDir, 'helix.db'), 'x'.repeat(8192))
      },
    ],
  ])('is told in a line with exit code 78: %s', async (_, spoil) => {
    const user = makeHelixHome()
    spoil(user)
    const refused = await user.run(['task', 'run', '--', 'true'])
    expect(refused).toMatchObject({code: 78, stdout: ''})
    expect(refused.stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
  })
})

describeUnless(sshdAvailable(), 'a machine that cannot be added', () => {
  let server: Sshd
  let home: HelixHome

  beforeAll(async () => {
    server = await Sshd.start()
    home = makeHelixHome()
    await home.run(addWords('taken', server))
    generateKey(join(home.root, 'stranger'))
    writeFileSync(join(home.root, 'garbage'), 'not a key\n')
    chmodSync(join(home.root, 'garbage'), 0o600)
  })

  afterAll(async () => {
    await server.stop()
  })

  test('because nobody listens on the port', async () => {
    await expectRefusal(home, ['worker', 'add', 'w1', `${server.username}@127.0.0.1:1`, '--accept-new'], 69, /127\.0\.0\.1 port 1/)
  })

  test('because the host does not exist', async () => {
    await expectRefusal(home, ['worker', 'add', 'w1', 'me@nowhere.invalid', '--accept-new'], 69, /nowhere\.invalid/)
  })

  test.each([
    ['its key file is missing', 'missing', 78, /missing/],
    ['its key file is no key', 'garbage', 78, /garbage/],
    ['it does not let the key in', 'stranger', 77, /stranger|log in|authenti/i],
  ])('because %s', async (_, key, code, says) => {
    const words = ['worker', 'add', 'w1', targetOf(server), '--accept-new', '--key', join(home.root, key)]
    await expectRefusal(home, words, code, says)
  })

  test('because its name, or its user on that host and port, is a worker already', async () => {
    await expectRefusal(home, addWords('taken', server), 2, /there is a worker named taken already/)
    await expectRefusal(home, addWords('other', server), 2, /is the worker taken already/)
  })
})
