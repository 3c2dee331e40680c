import {execFileSync} from 'node:child_process'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, beforeEach, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {addWords, startServers, targetOf} from '../fixtures/worker-pool.js'

describeUnless(sshdAvailable(), 'the host key of a worker', () => {
  let server: Sshd
  let home: HelixHome

  beforeAll(async () => {
    server = await Sshd.start()
  })

  afterAll(async () => {
    await server.stop()
  })

  beforeEach(() => {
    home = makeHelixHome()
  })

  const add = (...flags: string[]) => home.run(['worker', 'add', 'w1', targetOf(server), '--key', server.keyPath, ...flags])
  const workers = async () =>
    JSON.parse((await home.run(['worker', 'list', '--json'])).stdout).workers.filter((worker: {name: string}) => worker.name !== 'local')

  test('that nobody vouches for is refused with its fingerprint, and nothing is stored', async () => {
    const refused = await add()
    expect(refused).toMatchObject({code: 77, stdout: ''})
    expect(refused.stderr.split('\n')).toEqual([
      `Error: the host key of 127.0.0.1 port ${server.port} is not known: ssh-ed25519 ${server.hostKeyFingerprint}`,
      expect.stringContaining('--accept-new'),
      '',
    ])
    expect(await workers()).toEqual([])
    expect(existsSync(join(home.configDir, 'known_hosts'))).toBe(false)
  })

  test('is taken with its fingerprint, unseen with --accept-new, or from a known_hosts file, and remembered in a file of our own only', async () => {
    const before = readFileSync(server.knownHostsPath, 'utf8')
    expect(await add('--accept-new')).toMatchObject({code: 0, stdout: expect.stringMatching(/^Added w1 /)})
    expect(readFileSync(join(home.configDir, 'known_hosts'), 'utf8')).toContain(`[127.0.0.1]:${server.port} ssh-ed25519 `)
    for (const flags of [
      ['--host-key', server.hostKeyFingerprint],
      ['--known-hosts', server.knownHostsPath],
    ]) {
      home = makeHelixHome()
      expect(await add(...flags)).toMatchObject({code: 0, stdout: expect.stringMatching(/^Added w1 /)})
      expect(await workers()).toMatchObject([{name: 'w1', status: 'active', host_key: server.hostKeyFingerprint}])
    }
    expect(readFileSync(server.knownHostsPath, 'utf8')).toBe(before)
  })

  test.each([
    ['hashed names', (file: string) => execFileSync('ssh-keygen', ['-q', '-H', '-f', file], {stdio: 'ignore'})],
    ['no newline at its end', (file: string) => writeFileSync(file, readFileSync(file, 'utf8').trimEnd())],
    ['carriage returns and comments', (file: string) => writeFileSync(file, `# mine\r\n\r\n${readFileSync(file, 'utf8').trimEnd()} me@home\r\n`)],
  ])('is found in a known_hosts file with %s', async (_, change) => {
    const file = join(home.root, 'known_hosts')
    writeFileSync(file, readFileSync(server.knownHostsPath))
    change(file)
    expect(await add('--known-hosts', file)).toMatchObject({code: 0, stdout: expect.stringMatching(/^Added w1 /)})
  })

  test('that a known_hosts file revokes is refused, whatever else is said', async () => {
    const file = join(home.root, 'known_hosts')
    writeFileSync(file, `@revoked * ${server.hostKeys[0]?.publicKey}\n`)
    for (const flag of ['--accept-new', `--host-key=${server.hostKeyFingerprint}`]) {
      const refused = await add('--known-hosts', file, flag)
      expect(refused).toMatchObject({code: 77, stdout: ''})
      expect(refused.stderr).toContain('is revoked')
    }
    expect(await workers()).toEqual([])
  })

  test('that differs from the one asked for, or from the one known, is refused with both fingerprints', async () => {
    const other = `SHA256:${'A'.repeat(43)}`
    for (const flags of [
      ['--host-key', other],
      ['--accept-new', '--host-key', other],
    ]) {
      const refused = await add(...flags)
      expect(refused).toMatchObject({code: 77, stdout: ''})
      expect(refused.stderr).toContain(server.hostKeyFingerprint)
      expect(refused.stderr).toContain(other)
    }
    expect(await add('--host-key', 'not-a-fingerprint')).toMatchObject({code: 2, stdout: ''})
    expect(await workers()).toEqual([])
  })

  test('of many workers can be accepted at the same time without one line of the file being lost', async () => {
    const servers = await startServers(4)
    const added = await Promise.all(servers.map((one, index) => home.run(['worker', 'add', `w${index}`, targetOf(one), '--key', one.keyPath, '--accept-new'])))
    expect(added.map((result) => result.code)).toEqual(servers.map(() => 0))
    const known = readFileSync(join(home.configDir, 'known_hosts'), 'utf8').trimEnd().split('\n')
    expect(known.map((line) => line.split(' ')[0]).sort()).toEqual(servers.map((one) => `[127.0.0.1]:${one.port}`).sort())
    await Promise.all(servers.map((one) => one.stop()))
  })

  test('that changes makes the worker fail: nothing is executed until the new one is trusted by its fingerprint', async () => {
    const own = await Sshd.start()
    await home.run(addWords('w1', own))
    const before = own.hostKeyFingerprint
    await own.restart({newHostKey: true})
    const after = own.hostKeyFingerprint
    const touch = ['--', 'touch', join(own.home, 'executed')]

    const met = await home.run(['task', 'run', '--worker', 'w1', ...touch])
    expect(met.code).toBe(69)
    const exec = await home.run(['worker', 'exec', 'w1', ...touch])
    expect(exec).toMatchObject({code: 77, stdout: ''})
    const test = await home.run(['worker', 'test', 'w1'])
    expect(test).toMatchObject({code: 77, stdout: ''})
    for (const {stderr} of [met, exec, test]) {
      expect(stderr).toContain(before)
      expect(stderr).toContain(after)
    }
    expect(await workers()).toMatchObject([{status: 'failed', status_reason: expect.stringContaining('has changed')}])
    const refused = await home.run(['task', 'run', '--worker', 'w1', ...touch])
    expect(refused).toMatchObject({code: 69, stdout: ''})
    expect(refused.stderr).toContain('w1 is failed')
    expect(existsSync(join(own.home, 'executed'))).toBe(false)

    expect(await home.run(['worker', 'trust-key', 'w1'])).toMatchObject({code: 77, stdout: ''})
    expect(await home.run(['worker', 'trust-key', 'w1', '--host-key', before])).toMatchObject({code: 77, stdout: ''})
    expect(await workers()).toMatchObject([{status: 'failed', host_key: before}])
    expect(await home.run(['worker', 'trust-key', 'w1', '--host-key', after])).toMatchObject({code: 0, stderr: ''})
    expect(await workers()).toMatchObject([{status: 'active', status_reason: null, host_key: after}])
    expect(await home.run(['task', 'run', '--worker', 'w1', ...touch])).toMatchObject({code: 0, stderr: ''})
    expect(existsSync(join(own.home, 'executed'))).toBe(true)
    await own.stop()
  })
})
