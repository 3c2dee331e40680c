import {randomBytes} from 'node:crypto'
import {appendFileSync, chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import type {SshTransport} from '../../../src/core/ssh/ssh-transport.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {connectTo} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'

const CONTENT = randomBytes(20 * 1024 * 1024)
const STRANGE_NAME = '-it\'s "a" \\ $(touch x) *\nnäme'

for (const [sftp, kind] of [
  ['internal', 'ssh2'],
  ['none', 'ssh2'],
  ['internal', 'openssh'],
  ['none', 'openssh'],
] as const) {
  describeUnless(sshdAvailable(), `files of a worker ${sftp === 'none' ? 'whose sshd has no SFTP' : 'through SFTP'}, transport ${kind}`, () => {
    let sshd: Sshd
    let transport: SshTransport
    let local: string

    beforeAll(async () => {
      sshd = await Sshd.start({sftp})
      transport = await connectTo(sshd, {transport: kind})
      local = join(sshd.folder, 'local')
      mkdirSync(local)
      writeFileSync(join(local, 'content'), CONTENT)
    })
    afterAll(async () => {
      await transport?.close()
      await sshd?.stop()
    })

    const atHome = (name: string) => join(sshd.home, name)

    test('20 MB come back as they went, with progress and the mode that was asked for', async () => {
      const steps: [number, number][] = []
      await transport.upload(join(local, 'content'), atHome('up'), {mode: 0o640, onProgress: (...step) => steps.push(step)})
      expect(readFileSync(atHome('up')).equals(CONTENT)).toBe(true)
      expect(statSync(atHome('up')).mode & 0o777).toBe(0o640)
      expect(steps.at(-1)).toEqual([CONTENT.length, CONTENT.length])
      steps.length = 0
      await transport.download(atHome('up'), join(local, 'down'), {mode: 0o600, onProgress: (...step) => steps.push(step)})
      expect(readFileSync(join(local, 'down')).equals(CONTENT)).toBe(true)
      expect(statSync(join(local, 'down')).mode & 0o777).toBe(0o600)
      expect(steps.at(-1)).toEqual([CONTENT.length, CONTENT.length])
    })

    test('an empty file, and one of a strange name, are copied too; what was there is replaced', async () => {
      writeFileSync(join(local, 'empty'), '')
      await transport.upload(join(local, 'empty'), STRANGE_NAME)
      expect(readFileSync(atHome(STRANGE_NAME), 'utf8')).toBe('')
      writeFileSync(join(local, 'full'), 'full')
      await transport.upload(join(local, 'full'), STRANGE_NAME)
      expect(readFileSync(atHome(STRANGE_NAME), 'utf8')).toBe('full')
      await transport.download(STRANGE_NAME, join(local, 'back'))
      expect(readFileSync(join(local, 'back'), 'utf8')).toBe('full')
      expect(String(await transport.readRange(STRANGE_NAME, 1, 2))).toBe('ul')
      expect(readdirSync(sshd.home)).not.toContain('x')
      chmodSync(join(local, 'full'), 0o755)
      await transport.upload(join(local, 'full'), atHome('program'))
      expect(statSync(atHome('program')).mode & 0o777).toBe(0o755)
    })

    test('a range is what the file has of it; who reads on sees what was appended', async () => {
      writeFileSync(atHome('log'), 'one two')
      expect(String(await transport.readRange(atHome('log'), 4, 100))).toBe('two')
      expect(String(await transport.readRange(atHome('log'), 7, 100))).toBe('')
      expect(String(await transport.readRange(atHome('log'), 70, 100))).toBe('')
      appendFileSync(atHome('log'), ' three')
      expect(String(await transport.readRange(atHome('log'), 7, 100))).toBe(' three')
      expect((await transport.readRange(join(sshd.home, 'up'), 1_000_000, 3_000_000)).equals(CONTENT.subarray(1_000_000, 4_000_000))).toBe(true)
    })

    test('a file that was replaced is read anew from its start', async () => {
      for (const content of ['first', 'second']) {
        writeFileSync(atHome('next'), content)
        renameSync(atHome('next'), atHome('result'))
        expect(String(await transport.readRange(atHome('result'), 0, 100))).toBe(content)
      }
    })

    test('more files than are kept open can be read', async () => {
      const names = Array.from({length: 20}, (_, index) => atHome(`many-${index}`))
      for (const name of names) writeFileSync(name, name)
      for (let round = 0; round < 2; round += 1) {
        const read = await Promise.all(names.map((name) => transport.readRange(name, 1, 1_000)))
        expect(read.map(String)).toEqual(names.map((name) => name.slice(1)))
      }
    })

    test('one that is missing, or not for this user, is told so', async () => {
      for (const read of [() => transport.readRange('nothing', 0, 1), () => transport.download('nothing', join(local, 'nothing'))]) {
        await expect(read()).rejects.toMatchObject({kind: 'unavailable', code: 'FILE_MISSING', message: expect.stringContaining('nothing')})
      }
      await expect(transport.upload(join(local, 'missing'), 'target')).rejects.toMatchObject({kind: 'usage', code: 'LOCAL_FILE_UNREADABLE'})
      await expect(transport.upload(join(local, 'full'), '/proc/nowhere')).rejects.toMatchObject({kind: expect.stringMatching(/^(denied|unavailable)$/)})
      writeFileSync(atHome('secret'), 'secret')
      chmodSync(atHome('secret'), 0o600)
      if (process.getuid?.() !== 0) return
      chownSync(atHome('secret'), 0, 0)
      await expect(transport.readRange(atHome('secret'), 0, 1)).rejects.toMatchObject({kind: 'denied', code: 'FILE_DENIED'})
    })

    test('a copy that fails leaves nothing behind', async () => {
      const before = readFileSync(join(local, 'down'))
      const shrinking = {onProgress: (done: number) => done < 5_000_000 && truncateSync(join(local, 'shrinks'), 1_000_000)}
      writeFileSync(join(local, 'shrinks'), CONTENT)
      await expect(transport.upload(join(local, 'shrinks'), atHome('target'), shrinking)).rejects.toMatchObject({kind: 'unavailable'})
      const cut = await connectTo(sshd, {transport: kind})
      const cutting = {onProgress: () => sshd.signalConnections('SIGKILL')}
      await expect(cut.download(atHome('up'), join(local, 'down'), cutting)).rejects.toMatchObject({code: 'CONNECTION_LOST'})
      expect(readFileSync(join(local, 'down')).equals(before)).toBe(true)
      expect([...readdirSync(local), ...readdirSync(sshd.home)].filter((name) => name.endsWith('.part') || name === 'target')).toEqual([])
    })
  })
}
