import {appendFileSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {connectTo, isolatedConfig, run} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'

for (const kind of ['ssh2', 'openssh'] as const) {
  describeUnless(sshdAvailable(), `a worker behind other hosts, transport ${kind}`, () => {
    let first: Sshd
    let second: Sshd
    let target: Sshd
    let knownHosts: string

    beforeAll(async () => {
      ;[first, second, target] = await Promise.all([Sshd.start(), Sshd.start(), Sshd.start()])
      knownHosts = join(target.folder, 'all_known_hosts')
      for (const sshd of [first, second, target]) appendFileSync(knownHosts, readFileSync(sshd.knownHostsPath))
    })
    afterAll(() => Promise.all([first, second, target].map((sshd) => sshd?.stop())))

    function jumps(...lines: string[]): string {
      const hosts = Object.entries({first, second}).map(
        ([name, sshd]) => `Host ${name}\n  HostName ${sshd.host}\n  Port ${sshd.port}\n  User ${sshd.username}\n  IdentityFile ${sshd.keyPath}`,
      )
      return isolatedConfig(target, [...hosts, ...lines].join('\n'))
    }

    test('is reached through one, and through several', async () => {
      for (const jump of ['second', 'first,second']) {
        const transport = await connectTo(target, {transport: kind, knownHosts}, {configFile: jumps('Host 127.0.0.1', `ProxyJump ${jump}`)})
        expect((await run(transport, 'id -un')).stdout.trim()).toBe(target.username)
        // The last host is where the target sees the connection from.
        expect(second.connections().length).toBeGreaterThan(0)
        expect(first.connections().length > 0).toBe(jump.startsWith('first'))
        const data = join(target.folder, 'data')
        writeFileSync(data, Buffer.alloc(3_000_000, 'x'))
        await transport.upload(data, 'copy')
        expect((await run(transport, 'cmp copy - && echo same', 'x'.repeat(3_000_000))).stdout).toBe('same\n')
        await transport.close()
        await expect(transport.closed).resolves.toBeUndefined()
      }
    })

    test('is reached through what ssh_config says of the host before it', async () => {
      const configFile = jumps('Host 127.0.0.1', 'ProxyJump second', 'Host second', 'ProxyJump first')
      const transport = await connectTo(target, {transport: kind, knownHosts}, {configFile})
      expect((await run(transport, 'echo through both')).stdout).toBe('through both\n')
      expect(first.connections().length).toBeGreaterThan(0)
      await transport.close()
    })

    test('is not reached through a host whose key is not known, unless new keys are accepted', async () => {
      const configFile = jumps('Host 127.0.0.1', 'ProxyJump first')
      const known = {transport: kind, knownHosts: target.knownHostsPath}
      const refusal = {code: 'HOST_KEY_UNKNOWN', message: expect.stringContaining(`port ${first.port}`)}
      await expect(connectTo(target, known, {configFile})).rejects.toMatchObject(refusal)
      // A fingerprint is the worker's, not the host's on the way.
      await expect(connectTo(target, known, {configFile}, {expected: target.hostKeyFingerprint})).rejects.toMatchObject(refusal)
      await (await connectTo(target, known, {configFile}, {acceptNew: true})).close()
    })

    test('is lost when a host on the way is', async () => {
      const transport = await connectTo(target, {transport: kind, knownHosts}, {configFile: jumps('Host 127.0.0.1', 'ProxyJump first')})
      const running = await transport.exec('sleep 60')
      first.signalConnections('SIGKILL')
      await expect(running.exit).rejects.toMatchObject({code: 'CONNECTION_LOST'})
      expect(await transport.closed).toMatchObject({code: 'CONNECTION_LOST'})
    })

    test('that the host before cannot reach is unavailable, and a circle is an error', async () => {
      const configFile = jumps('Host 127.0.0.1', 'ProxyJump first')
      await expect(connectTo(target, {transport: kind, knownHosts, port: 1}, {configFile})).rejects.toMatchObject({kind: 'unavailable', code: 'CONNECT_FAILED'})
      expect(first.connections()).toEqual([])
      const circle = jumps('Host 127.0.0.1', 'ProxyJump first', 'Match originalhost first', 'ProxyJump second', 'Match originalhost second', 'ProxyJump first')
      await expect(connectTo(target, {transport: kind, knownHosts}, {configFile: circle})).rejects.toMatchObject({
        kind: 'config',
        message: expect.stringContaining('circle'),
      })
    })
  })
}
