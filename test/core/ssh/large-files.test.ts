import {randomBytes} from 'node:crypto'
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import type {SshSettings} from '../../../src/core/ssh/ssh-settings.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {connectTo, run} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'

const MIB = 1024 * 1024

describeUnless(sshdAvailable(), 'a large file', () => {
  let sshd: Sshd
  let local: string

  beforeAll(async () => {
    sshd = await Sshd.start({shell: '/bin/bash', sftp: 'external'})
    local = join(sshd.folder, 'local')
    mkdirSync(local)
  })
  afterAll(() => sshd?.stop())

  /** Copies a file up and down again; resolves to the most connections that the server had meanwhile. */
  async function thereAndBack(
    size: number,
    settings: Partial<SshSettings>,
    prepare?: (transport: Awaited<ReturnType<typeof connectTo>>) => Promise<unknown>,
  ): Promise<number> {
    const content = randomBytes(size)
    const transport = await connectTo(sshd, settings)
    await prepare?.(transport)
    let most = 0
    const steps: number[] = []
    const onProgress = (done: number) => {
      if (steps.length === 0) most = Math.max(most, sshd.connections().length)
      steps.push(done)
    }
    writeFileSync(join(local, 'up'), content)
    await transport.upload(join(local, 'up'), "it's up", {mode: 0o640, onProgress})
    expect(steps.at(-1)).toBe(size)
    steps.length = 0
    await transport.download("it's up", join(local, 'down'), {onProgress})
    expect(steps.at(-1)).toBe(size)
    expect(readFileSync(join(local, 'down')).equals(content)).toBe(true)
    expect([...readdirSync(sshd.home), ...readdirSync(local)].filter((name) => name.endsWith('.part'))).toEqual([])
    await transport.close()
    return most
  }

  test("goes through a login of the system's ssh where there is one, and without it where only Helix can log in", async () => {
    const one = await thereAndBack(128 * MIB, {passphrase: 'env:NO_SUCH_VARIABLE'})
    expect(await thereAndBack(128 * MIB, {})).toBeGreaterThan(one)
  })

  test('of a worker that ssh has the connection to is the same there and back', async () => {
    await thereAndBack(20 * MIB, {transport: 'openssh'})
  })

  test('is copied while tasks use all sessions', async () => {
    await thereAndBack(20 * MIB, {transport: 'openssh'}, async (transport) => {
      await transport.readRange('/etc/hostname', 0, 1)
      await Promise.all(Array.from({length: 7}, () => transport.exec('sleep 60')))
    })
  })

  test('is whole although a profile is noisy', async () => {
    for (const profile of ['.bashrc', '.profile']) writeFileSync(join(sshd.home, profile), 'echo noise from the profile\n')
    const transport = await connectTo(sshd, {transport: 'openssh'})
    expect((await run(transport, 'true')).stdout).toContain('noise')
    await transport.close()
    await thereAndBack(20 * MIB, {transport: 'openssh'})
    for (const profile of ['.bashrc', '.profile']) rmSync(join(sshd.home, profile))
  })
})
