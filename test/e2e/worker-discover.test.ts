import {execFileSync} from 'node:child_process'
import {mkdirSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {type HelixHome, type HelixResult, makeHelixHome} from '../fixtures/helix.js'
import {Sshd, sshdAvailable} from '../fixtures/sshd.js'

describeUnless(sshdAvailable(), 'helix worker discover', () => {
  let server: Sshd
  let home: HelixHome
  let config: string
  let knownHosts: string

  beforeAll(async () => {
    server = await Sshd.start()
  })

  afterAll(() => server.stop())

  beforeEach(() => {
    home = makeHelixHome()
    config = join(home.root, 'ssh_config')
    knownHosts = join(home.root, 'known_hosts')
    home.env.HELIX_SSH_CONFIG = config
  })

  afterEach(() => rmSync(home.root, {recursive: true, force: true}))

  const write = (hosts: string, known: string) => {
    writeFileSync(config, `${hosts}\nHost *\n  UserKnownHostsFile ${knownHosts}\n  GlobalKnownHostsFile none\n`)
    writeFileSync(knownHosts, known)
  }
  const box = () => `Host box alias-of-box\n  HostName 127.0.0.1\n  Port ${server.port}\n  User ${server.username}\n  IdentityFile ${server.keyPath}\n`
  const key = () => server.hostKeys[0]?.publicKey ?? ''
  const discover = async () => {
    const {code, stdout, stderr} = await home.run(['worker', 'discover', '--json'])
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    return JSON.parse(stdout)
  }
  /** Runs the command line that a hint gives. */
  const follow = ({stderr}: HelixResult) => {
    const words = /^Add one with: helix (.+)$/m.exec(stderr)?.[1]?.split(' ') ?? []
    return home.run(words)
  }

  test('goes by the files of the folder that HOME names, as the hint that it gives', async () => {
    delete home.env.HELIX_SSH_CONFIG
    const folder = join(home.root, '.ssh')
    mkdirSync(folder)
    writeFileSync(join(folder, 'config'), box())
    writeFileSync(join(folder, 'known_hosts'), `[127.0.0.1]:${server.port} ${key()}\n`)
    const [found] = (await discover()).candidates
    expect(found).toMatchObject({name: 'box', host: '127.0.0.1', port: server.port, username: server.username, host_key_known: true})
    expect(await follow(await home.run(['worker', 'discover']))).toMatchObject({code: 0})
    expect(await home.run(['worker', 'set', 'box', '--transport', 'openssh'])).toMatchObject({code: 0})
    expect(await home.run(['worker', 'exec', 'box', '--', 'echo', 'here'])).toMatchObject({code: 0, stdout: 'here\n'})
  })

  test('offers a host of ssh_config once, under its first alias, and its hint adds it', async () => {
    write(box(), `[127.0.0.1]:${server.port} ${key()}\n`)
    const candidate = {
      name: 'box',
      target: 'box',
      transport: 'ssh2',
      host: '127.0.0.1',
      port: server.port,
      username: server.username,
      identity_files: [server.keyPath],
      proxy_jump: [],
      host_key_known: true,
      worker: null,
      found_in: [
        {file: config, line: 1},
        {file: knownHosts, line: 1},
      ],
    }
    expect(await discover()).toEqual({candidates: [candidate], unread_hashed_lines: 0})
    const listed = await home.run(['worker', 'discover'])
    expect(listed.stdout.split('\n')).toEqual([
      expect.stringMatching(/^NAME +TARGET +VIA +HOST KEY +WORKER +FOUND IN$/),
      expect.stringMatching(new RegExp(`^box +${server.username}@127.0.0.1:${server.port} +- +known +- +~/ssh_config:1 ~/known_hosts:1$`)),
      '',
    ])
    expect(await follow(listed)).toMatchObject({code: 0})
    expect(await discover()).toEqual({candidates: [{...candidate, worker: 'box'}], unread_hashed_lines: 0})
    expect((await home.run(['worker', 'discover'])).stderr).toBe('All of them are workers already.\n')
  })

  test('knows a worker of the config by what ssh_config makes of it, and gives no name twice', async () => {
    write(`${box()}Host other\n  HostName box.example\n`, `box.example,192.0.2.7 ${key()}\n[other]:2200 ${key()}\n`)
    mkdirSync(home.configDir, {recursive: true})
    writeFileSync(join(home.configDir, 'helix.json'), JSON.stringify({workers: {pool: {mine: {host: 'alias-of-box'}}}}))
    const {candidates} = await discover()
    expect(candidates.map(({name, target, worker}: Record<string, string | null>) => [name, target, worker])).toEqual([
      ['mine', 'box', 'mine'],
      ['other', 'other', null],
      ['other-2', 'other:2200', null],
    ])
  })

  test('offers hosts of known_hosts, whose user a worker may have chosen, and says how many names it cannot read', async () => {
    const hashed = join(home.root, 'hashed')
    writeFileSync(hashed, `hidden ${key()}\nbox.example ${key()}\n`)
    execFileSync('ssh-keygen', ['-q', '-H', '-f', hashed], {stdio: 'ignore'})
    write(
      `Host box.example\n  UserKnownHostsFile ${hashed}\n\nHost *.example\n  User ci\n  ProxyJump gate`,
      `[127.0.0.1]:${server.port} ${key()}\ndeep.example ${key()}\ngone ${key()}\n@revoked gone ${key()}\n`,
    )
    const {candidates, unread_hashed_lines} = await discover()
    expect(candidates).toMatchObject([
      {name: 'box.example', host_key_known: true, found_in: [{file: config}, {file: hashed, line: 2}]},
      {name: '127.0.0.1', target: `127.0.0.1:${server.port}`, host_key_known: true, worker: null},
      {name: 'deep.example', target: 'deep.example', username: 'ci', host_key_known: true, proxy_jump: ['gate'], worker: null},
      {name: 'gone', host_key_known: false},
    ])
    expect(unread_hashed_lines).toBe(1)
    const listed = await home.run(['worker', 'discover'])
    expect(listed.stderr).toMatch(/^1 line of known_hosts with a hashed name cannot be read\.\nAdd one with: helix worker add box.example box.example\n$/)
    const added = await home.run(['worker', 'add', 'there', `${server.username}@127.0.0.1:${server.port}`, '--key', server.keyPath])
    expect(added).toMatchObject({code: 0})
    expect((await discover()).candidates[1]).toMatchObject({name: 'there', username: server.username, worker: 'there'})
  })

  test('tells which candidates only the system’s ssh can reach, and obeys no name', async () => {
    write('Host odd\n  ProxyCommand nc %h %p\nHost -oProxyCommand=x a;b \u001b[31m', '')
    const listed = await home.run(['worker', 'discover'])
    expect(listed.stdout).toMatch(/^odd +\S+@odd:22 +ProxyCommand +unknown +- /m)
    expect(listed.stdout.split('\n')).toHaveLength(3)
    expect(listed.stderr).toBe('Add one with: helix worker add odd odd --transport openssh\n')
  })

  test('says so when there is nothing to offer, and what is wrong with a file that ssh does not accept', async () => {
    write('', '')
    expect(await home.run(['worker', 'discover'])).toEqual({
      code: 0,
      signal: null,
      stdout: 'There are no candidates. Add a machine with: helix worker add NAME user@host\n',
      stderr: '',
    })
    writeFileSync(config, 'Host box\n  Nonsense yes\n')
    expect(await home.run(['worker', 'discover'])).toMatchObject({code: 78, stdout: '', stderr: expect.stringMatching(/^Error: .*Nonsense|nonsense/)})
  })
})
