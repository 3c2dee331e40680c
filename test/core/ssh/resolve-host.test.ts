import {execFileSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {homedir, tmpdir, userInfo} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {localUsername} from '../../../src/core/ssh/expand-tokens.js'
import {type ResolvedHost, type ResolveOptions, resolveHost} from '../../../src/core/ssh/resolve-host.js'
import type {SshSettings} from '../../../src/core/ssh/ssh-settings.js'
import {describeUnless} from '../../fixtures/describe-unless.js'

let folder: string
let configFile: string

const CONFIG = `
# what a user would have
Include conf.d/*.conf

Host box alias-of-box
  HostName %h.example.com
  User joe
  Port 2200
  IdentityFile ~/.ssh/%h_%r_%p
  IdentityFile "~/.ssh/with space"
  IdentityAgent \${HELIX_TEST_AGENT}/sock
  UserKnownHostsFile ~/.ssh/one ~/.ssh/two
  HostKeyAlias boxy
  ProxyJump ann@jump1:2201,jump2

Host direct
  ProxyJump none
  IdentityAgent none

Host commanded
  ProxyCommand nc %h %p

Match host matched user eve
  Port 2300

Host !box *
  IdentitiesOnly yes
  IdentityFile=~/.ssh/common
`

beforeAll(() => {
  process.env.HELIX_TEST_AGENT = '/run/agent'
  folder = mkdtempSync(join(tmpdir(), 'helix-ssh-config-'))
  configFile = join(folder, 'config')
  mkdirSync(join(folder, 'conf.d'))
  writeFileSync(join(folder, 'conf.d', 'a.conf'), 'Host included\n  Port 2400\n  User ivy\n')
  writeFileSync(configFile, CONFIG.replace('conf.d', join(folder, 'conf.d')))
})

afterAll(() => {
  delete process.env.HELIX_TEST_AGENT
  rmSync(folder, {recursive: true})
})

function hasOpenssh(): string | undefined {
  try {
    execFileSync('ssh', ['-V'], {stdio: 'ignore'})
    return undefined
  } catch {
    return 'no ssh: apt-get install openssh-client'
  }
}

function ssh(path: string): string {
  return join(homedir(), '.ssh', path)
}

for (const reader of ['openssh', 'parser'] as const) {
  describeUnless(reader === 'openssh' ? hasOpenssh() : undefined, `ssh_config, read by ${reader}`, () => {
    // OpenSSH itself writes out the home folder of the password file, whatever HOME says.
    const knownHosts = (name: string) => (reader === 'openssh' ? join(userInfo().homedir, '.ssh', name) : ssh(name))
    const resolve = (settings: SshSettings, options: ResolveOptions = {}) => resolveHost(settings, {configFile, reader, ...options})

    test('says how a host is reached', async () => {
      expect(await resolve({host: 'box'})).toEqual({
        hostname: 'box.example.com',
        port: 2200,
        username: 'joe',
        identityFiles: [ssh('box.example.com_joe_2200'), ssh('with space')],
        identitiesOnly: false,
        identityAgent: '/run/agent/sock',
        proxyJump: ['ann@jump1:2201', 'jump2'],
        userKnownHostsFiles: [knownHosts('one'), knownHosts('two')],
        globalKnownHostsFiles: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
        hostKeyAlias: 'boxy',
      } satisfies ResolvedHost)
    })

    test('gives way to what the settings say', async () => {
      const host = await resolve({host: 'box', port: 22, username: 'root', keyPath: '~/my-key'})
      expect(host).toMatchObject({port: 22, username: 'root', identityFiles: [join(homedir(), 'my-key')], identitiesOnly: true, hostname: 'box.example.com'})
    })

    test('follows negated patterns, Match and Include', async () => {
      expect(await resolve({host: 'other'})).toMatchObject({hostname: 'other', port: 22, identitiesOnly: true, identityFiles: [ssh('common')], proxyJump: []})
      expect(await resolve({host: 'matched', username: 'eve'})).toMatchObject({port: 2300})
      expect(await resolve({host: 'matched', username: 'bob'})).toMatchObject({port: 22})
      expect(await resolve({host: 'included'})).toMatchObject({port: 2400, username: 'ivy', identityFiles: [ssh('common')]})
      expect(await resolve({host: 'direct'})).toMatchObject({proxyJump: [], identityAgent: 'none'})
    })

    test('has the defaults of ssh where it says nothing', async () => {
      const host = await resolve({host: '::1'}, {configFile: 'none'})
      expect(host).toMatchObject({hostname: '::1', port: 22, username: localUsername(), identitiesOnly: false, proxyJump: []})
      expect(host.identityFiles).toEqual(expect.arrayContaining([ssh('id_rsa'), ssh('id_ecdsa'), ssh('id_ed25519')]))
      expect(host.userKnownHostsFiles).toEqual([knownHosts('known_hosts'), knownHosts('known_hosts2')])
    })

    test('with a ProxyCommand is refused, naming it', async () => {
      await expect(resolve({host: 'commanded'})).rejects.toMatchObject({
        kind: 'unavailable',
        code: 'PROXY_COMMAND_UNSUPPORTED',
        message: expect.stringContaining('nc '),
      })
    })

    test('that is broken is an error of the configuration', async () => {
      const broken = join(folder, 'broken')
      writeFileSync(broken, 'Host "unfinished\n')
      await expect(resolve({host: 'box'}, {configFile: broken})).rejects.toMatchObject({kind: 'config', code: 'SSH_CONFIG_INVALID'})
    })
  })
}

describe('a host that looks like an option', () => {
  test('never reaches ssh', async () => {
    const marker = join(folder, 'ran')
    await expect(resolveHost({host: `-oProxyCommand=touch ${marker}`})).rejects.toMatchObject({kind: 'usage'})
    await expect(resolveHost({host: 'box', username: '-oProxyCommand=x'})).rejects.toMatchObject({kind: 'usage'})
  })
})
