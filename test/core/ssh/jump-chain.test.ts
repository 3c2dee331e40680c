import {appendFileSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {connectTo, isolatedConfig, run} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'

const HOPS = ['outer', 'middle', 'inner'] as const

for (const kind of ['ssh2', 'openssh'] as const) {
  describeUnless(sshdAvailable(), `a worker behind three hosts that have a user, a key and a host key each, transport ${kind}`, () => {
    let hops: Sshd[]
    let target: Sshd
    let knownHosts: string

    beforeAll(async () => {
      const [last, ...others] = await Promise.all([Sshd.start(), ...HOPS.map(() => Sshd.start())])
      target = last
      hops = others
      knownHosts = join(target.folder, 'all')
      know([...hops, target])
    })
    afterAll(() => Promise.all([...(hops ?? []), target].map((sshd) => sshd?.stop())))

    const know = (servers: Sshd[]) => {
      writeFileSync(knownHosts, '')
      for (const server of servers) appendFileSync(knownHosts, readFileSync(server.knownHostsPath))
    }
    const hop = (index: number) => hops[index]!
    const config = (...lines: string[]) => {
      const hosts = hops.map(
        (sshd, index) => `Host ${HOPS[index]}\n  HostName ${sshd.host}\n  Port ${sshd.port}\n  User ${sshd.username}\n  IdentityFile ${sshd.keyPath}`,
      )
      return isolatedConfig(target, [...hosts, ...lines].join('\n'))
    }
    const LIST = ['Host 127.0.0.1', 'ProxyJump outer,middle,inner']
    const CHAIN = ['Host 127.0.0.1', 'ProxyJump inner', 'Host inner', 'ProxyJump middle', 'Host middle', 'ProxyJump outer']
    const connect = (lines: string[], options = {}) => connectTo(target, {transport: kind, knownHosts}, {configFile: config(...lines), ...options})

    test.each([
      ['a list', LIST],
      ['what ssh_config says of each', CHAIN],
    ])('is reached by %s', async (_, lines) => {
      const transport = await connect(lines)
      expect((await run(transport, 'id -un')).stdout.trim()).toBe(target.username)
      expect(hops.map((sshd) => sshd.connections().length > 0)).toEqual([true, true, true])
      expect(transport.hostKey.fingerprint).toBe(target.hostKeyFingerprint)
      await transport.close()
    })

    test.each(HOPS.map((name, index) => [name, index] as const))(
      'is not reached when the key of the %s one is unknown, or another, and it is named',
      async (_, index) => {
        const names = {message: expect.stringContaining(`port ${hop(index).port}`)}
        know([...hops, target].filter((server) => server !== hop(index)))
        await expect(connect(LIST)).rejects.toMatchObject({kind: 'denied', code: 'HOST_KEY_UNKNOWN', ...names})
        appendFileSync(
          knownHosts,
          readFileSync(hop(index).knownHostsPath, 'utf8').replace(/ ssh-ed25519 .*/u, ` ${hop((index + 1) % 3).hostKeys[0]?.publicKey}`),
        )
        await expect(connect(LIST)).rejects.toMatchObject({kind: 'denied', code: 'HOST_KEY_CHANGED', ...names})
        know([...hops, target])
        expect(target.connections()).toEqual([])
      },
    )

    test('is not logged in to when a host on the way lets nobody in', async () => {
      const noKey = config(...LIST)
      writeFileSync(noKey, readFileSync(noKey, 'utf8').replace(`IdentityFile ${hop(1).keyPath}`, `IdentityFile ${hop(0).keyPath}\n  IdentitiesOnly yes`))
      await expect(connectTo(target, {transport: kind, knownHosts}, {configFile: noKey})).rejects.toMatchObject({kind: 'denied', code: 'AUTH_FAILED'})
    })

    test('is lost within the keepalive when the middle one does not answer any more', async () => {
      const transport = await connect(LIST, {keepaliveMs: 500, answerMs: 500})
      const running = await transport.exec('sleep 60')
      hop(1).signalConnections('SIGSTOP')
      await expect(running.exit).rejects.toMatchObject({kind: 'unavailable', code: 'CONNECTION_LOST'})
      expect(await transport.closed).toMatchObject({message: expect.stringContaining('does not answer')})
      hop(1).signalConnections('SIGCONT')
    })
  })
}
