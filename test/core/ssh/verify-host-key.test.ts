import {execFileSync} from 'node:child_process'
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, expect, test} from '@jest/globals'
import type {SshTransport} from '../../../src/core/ssh/ssh-transport.js'
import type {HostKeyPolicy} from '../../../src/core/ssh/verify-host-key.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {connectTo, isolatedConfig, ownKnownHosts, run} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'

const UNUSED = `SHA256:${'A'.repeat(43)}`

for (const kind of ['ssh2', 'openssh'] as const) {
  describeUnless(sshdAvailable(), `the host key of a worker, transport ${kind}`, () => {
    let sshd: Sshd
    let knownHosts: string
    const opened: SshTransport[] = []

    beforeAll(async () => {
      // The server likes its RSA key best.
      sshd = await Sshd.start({hostKeyTypes: ['rsa', 'ecdsa', 'ed25519']})
      knownHosts = join(sshd.folder, 'user_known_hosts')
    })
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((transport) => transport.close()))
      rmSync(knownHosts, {force: true})
      rmSync(ownKnownHosts(sshd), {force: true})
    })
    afterAll(() => sshd?.stop())

    async function connect(policy: Partial<HostKeyPolicy> = {}, settings = {}, config = ''): Promise<SshTransport> {
      const transport = await connectTo(sshd, {transport: kind, knownHosts, ...settings}, {configFile: isolatedConfig(sshd, config)}, policy)
      opened.push(transport)
      return transport
    }

    const key = (type: string) => sshd.hostKeys.find(({publicKey}) => publicKey.includes(type))!
    const know = (...lines: string[]) => writeFileSync(knownHosts, lines.join('\n'))
    const name = () => `[127.0.0.1]:${sshd.port}`

    test('that nobody knows is refused, with host, type, fingerprint and how to accept it', async () => {
      await expect(connect()).rejects.toMatchObject({
        kind: 'denied',
        code: 'HOST_KEY_UNKNOWN',
        message: `the host key of 127.0.0.1 port ${sshd.port} is not known: ssh-ed25519 ${key('ed25519').fingerprint}`,
        hint: expect.stringMatching(/ssh-keygen -lf \/etc\/ssh\/ssh_host_ed25519_key.pub.*--host-key SHA256:.*--accept-new/),
      })
      expect(existsSync(ownKnownHosts(sshd))).toBe(false)
    })

    test('is taken with --accept-new, remembered in the own file only, and known from then on', async () => {
      const transport = await connect({acceptNew: true})
      expect(transport.hostKey).toMatchObject({type: 'ssh-ed25519', fingerprint: key('ed25519').fingerprint})
      expect(readFileSync(ownKnownHosts(sshd), 'utf8')).toBe(`${name()} ${key('ed25519').publicKey}\n`)
      expect(existsSync(knownHosts)).toBe(false)
      expect((await run(await connect(), 'echo in')).stdout).toBe('in\n')
    })

    test('is taken when it has the fingerprint the user gave, of whatever type it is', async () => {
      for (const {fingerprint} of sshd.hostKeys) {
        const transport = await connect({expected: fingerprint})
        expect(transport.hostKey.fingerprint).toBe(fingerprint)
      }
      expect(readFileSync(ownKnownHosts(sshd), 'utf8').split('\n')).toHaveLength(4)
    })

    test('is refused when the fingerprint is another one, even where the key is known', async () => {
      know(`${name()} ${key('ed25519').publicKey}`)
      for (const [policy, what] of [
        [{expected: UNUSED}, 'is not the one that was given'],
        [{pinned: UNUSED}, 'has changed'],
      ] as const) {
        await expect(connect({...policy, acceptNew: true})).rejects.toMatchObject({
          kind: 'denied',
          code: 'HOST_KEY_CHANGED',
          message: expect.stringMatching(new RegExp(`${what}.*${UNUSED}.*Nothing was executed`)),
        })
      }
      await expect(connect({}, {hostKey: UNUSED})).rejects.toMatchObject({code: 'HOST_KEY_CHANGED'})
      await expect(connect({expected: 'SHA256:short'})).rejects.toMatchObject({kind: 'usage', code: 'HOST_KEY_INVALID'})
    })

    test('is asked for by the types that are known, whatever the server likes best', async () => {
      for (const type of ['rsa', 'ecdsa', 'ed25519']) {
        know(`${name()} ${key(type).publicKey}`)
        const transport = await connect()
        expect(transport.hostKey.fingerprint).toBe(key(type).fingerprint)
      }
    })

    test('is known where its name is hashed, under its alias, or for port 22', async () => {
      know(`${name()} ${key('ed25519').publicKey}\n`)
      execFileSync('ssh-keygen', ['-H', '-f', knownHosts], {stdio: 'ignore'})
      await connect()
      rmSync(`${knownHosts}.old`)
      know(`boxy ${key('ed25519').publicKey}`)
      await expect(connect()).rejects.toMatchObject({code: 'HOST_KEY_UNKNOWN'})
      await connect({}, {}, 'HostKeyAlias boxy')
      know(`127.0.0.1 ${key('ed25519').publicKey}`)
      await connect()
    })

    test('that another file revokes is refused, whatever else is known', async () => {
      know(`${name()} ${key('ed25519').publicKey}`, `@revoked * ${key('ed25519').publicKey}`)
      await expect(connect({expected: key('ed25519').fingerprint})).rejects.toMatchObject({kind: 'denied', code: 'HOST_KEY_REVOKED'})
    })

    test('that a certificate authority line shows is no known key', async () => {
      know(`@cert-authority ${name()} ${key('ed25519').publicKey}`)
      await expect(connect()).rejects.toMatchObject({code: 'HOST_KEY_UNKNOWN'})
    })

    test('that has changed is refused with both fingerprints, and nothing is executed, until the new one is accepted', async () => {
      const changing = await Sshd.start()
      const before = changing.hostKeyFingerprint
      const transport = await connectTo(changing, {transport: kind})
      await transport.close()
      await changing.restart({newHostKey: true})
      const after = changing.hostKeyFingerprint
      const marker = join(changing.home, 'executed')
      const attempt = connectTo(changing, {transport: kind}, {}, {acceptNew: true}).then((opened) => run(opened, `touch ${marker}`))
      await expect(attempt).rejects.toMatchObject({
        kind: 'denied',
        code: 'HOST_KEY_CHANGED',
        message: expect.stringMatching(new RegExp(`${forRegExp(after)}.*${forRegExp(before)}`)),
        hint: expect.stringContaining(`--host-key ${after}`),
      })
      expect(existsSync(marker)).toBe(false)
      await (await connectTo(changing, {transport: kind}, {}, {expected: after})).close()
      await (await connectTo(changing, {transport: kind})).close()
      await changing.stop()
    })
  })
}

function forRegExp(text: string): string {
  return text.replace(/[+/]/g, '\\$&')
}
