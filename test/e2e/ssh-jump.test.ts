import {appendFileSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {Sshd, sshdAvailable} from '../fixtures/sshd.js'

describeUnless(sshdAvailable(), 'a worker behind three jump hosts', () => {
  let home: HelixHome
  let servers: Sshd[]
  const names = ['outer', 'middle', 'inner', 'box']

  beforeAll(async () => {
    servers = await Promise.all(names.map(() => Sshd.start()))
    home = makeHelixHome({})
    const known = join(home.root, 'known_hosts')
    for (const server of servers) appendFileSync(known, readFileSync(server.knownHostsPath))
    const hosts = servers.map((server, index) => {
      const jump = index === 0 ? '' : `  ProxyJump ${names[index - 1]}\n`
      return `Host ${names[index]}\n  HostName ${server.host}\n  Port ${server.port}\n  User ${server.username}\n  IdentityFile ${server.keyPath}\n${jump}`
    })
    writeFileSync(join(home.root, 'ssh_config'), `${hosts.join('')}Host *\n  UserKnownHostsFile ${known}\n  IdentitiesOnly yes\n  IdentityAgent none\n`)
    home.env.HELIX_SSH_CONFIG = join(home.root, 'ssh_config')
  })
  afterAll(() => Promise.all(servers.map((server) => server.stop())))

  test.each(['ssh2', 'openssh'])('is added by its alias and runs tasks, transport %s', async (transport) => {
    expect(await home.run(['worker', 'add', transport, 'box', '--transport', transport])).toMatchObject({code: 0})
    expect(await home.run(['task', 'run', '--worker', transport, '--', 'id', '-un'])).toMatchObject({code: 0, stdout: `${servers[3]?.username}\n`})
    expect(await home.run(['worker', 'remove', transport])).toMatchObject({code: 0})
  })
})
