import {execFileSync} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {afterAll, beforeAll, beforeEach, expect, test} from '@jest/globals'
import {copyDown, copyUp} from '../../../src/core/workers/copy-files.js'
import {LocalTransport} from '../../../src/core/workers/local-transport.js'
import type {Transport} from '../../../src/core/workers/transport.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {runFolder} from '../../fixtures/run-folder.js'
import {connectTo} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'

const BIG = randomBytes(5_000_000)
const STRANGE = '-a\'b "c" \\ $(touch x) *\nnäme'
const LONG = 'long-'.repeat(40)
// Not UTF-8, as old archives have them.
const BYTES = Buffer.from([0x66, 0xff, 0xfe, 0x81])

/** What a folder holds, each with its mode; links with their target. */
function contents(folder: string | Buffer, prefix = ''): string[] {
  return readdirSync(folder, {encoding: 'buffer'})
    .toSorted(Buffer.compare)
    .flatMap((name) => {
      const path = Buffer.concat([Buffer.from(folder), Buffer.from('/'), name])
      const stats = lstatSync(path)
      const label = `${prefix}${name.toString('latin1')}`
      if (stats.isSymbolicLink()) return [`${label} -> ${readlinkSync(path)}`]
      if (stats.isDirectory()) return [`${label}/`, ...contents(path, `${label}/`)]
      return [`${label} ${(stats.mode & 0o777).toString(8)} ${readFileSync(path).toString('base64').slice(0, 40)} ${stats.size}`]
    })
}

function makeTree(folder: string): void {
  mkdirSync(join(folder, 'empty'), {recursive: true})
  mkdirSync(join(folder, LONG, LONG), {recursive: true})
  writeFileSync(join(folder, LONG, LONG, 'file'), 'deep')
  writeFileSync(join(folder, STRANGE), 'strange')
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), BYTES]), 'bytes')
  writeFileSync(join(folder, 'big'), BIG)
  writeFileSync(join(folder, '.hidden'), '')
  writeFileSync(join(folder, 'program'), '#!/bin/sh\n')
  chmodSync(join(folder, 'program'), 0o755)
  symlinkSync('program', join(folder, 'link'))
  symlinkSync('../big', join(folder, 'empty', 'up'))
}

const KINDS = ['local', 'ssh'] as const
for (const kind of KINDS) {
  describeUnless(kind === 'local' ? undefined : sshdAvailable(), `files and folders of a task, worker ${kind}`, () => {
    let sshd: Sshd | undefined
    let transport: Transport
    let here: string
    let there: string

    beforeAll(async () => {
      if (kind === 'ssh') sshd = await Sshd.start()
      transport = sshd ? await connectTo(sshd) : new LocalTransport()
    })
    beforeEach(() => {
      here = mkdtempSync(join(runFolder(), 'copy-'))
      there = sshd ? join(sshd.home, `w-${Math.random()}`) : join(here, 'worker')
    })
    afterAll(async () => {
      await transport?.close()
      await sshd?.stop()
    })

    test('a folder comes back as it went: names of any bytes, modes, links, empty folders', async () => {
      makeTree(join(here, 'tree'))
      const wanted = contents(join(here, 'tree'))
      const steps: [number, number][] = []
      const onProgress = (...step: [number, number]) => steps.push(step)
      await copyUp(transport, join(here, 'tree'), `${there}/new/it's here/`, {onProgress})
      expect(contents(`${there}/new/it's here`)).toEqual(wanted)
      const total = steps.at(-1)?.[1] ?? 0
      expect(total).toBeGreaterThan(BIG.length)
      expect(steps.at(-1)).toEqual([total, total])
      steps.length = 0
      await copyDown(transport, `${there}/new/it's here`, join(here, 'a/b'), {onProgress})
      expect(contents(join(here, 'a/b'))).toEqual(wanted)
      expect(steps.at(-1)).toEqual([total, total])
      expect(steps[0]?.[1]).toBe(total)
    })

    test('a single file is copied with its mode, and folders on its way are made', async () => {
      writeFileSync(join(here, 'run'), '#!/bin/sh\n')
      chmodSync(join(here, 'run'), 0o755)
      await copyUp(transport, join(here, 'run'), `${there}/x/${STRANGE}`)
      await copyDown(transport, `${there}/x/${STRANGE}`, join(here, 'y', 'back'))
      expect(contents(join(here, 'y'))).toEqual(
        contents(here)
          .filter((line) => line.startsWith('run '))
          .map((line) => line.replace('run', 'back')),
      )
    })

    test('one file may go to one place several times at once', async () => {
      writeFileSync(join(here, 'big'), BIG)
      await Promise.all(Array.from({length: 6}, () => copyUp(transport, join(here, 'big'), `${there}/big`)))
      await Promise.all(Array.from({length: 6}, () => copyDown(transport, `${there}/big`, join(here, 'back'))))
      expect(readFileSync(join(here, 'back')).equals(BIG)).toBe(true)
      expect(readdirSync(here).filter((name) => name.includes('.part'))).toEqual([])
    })

    test('what a folder has already stays, what is copied replaces its namesake', async () => {
      makeTree(join(here, 'tree'))
      for (const [folder, copy] of [
        [there, () => copyUp(transport, join(here, 'tree'), there)],
        [join(here, 'down'), () => copyDown(transport, there, join(here, 'down'))],
      ] as const) {
        mkdirSync(join(folder, 'empty'), {recursive: true})
        if (sshd) execFileSync('chmod', ['-R', 'a+rwX', folder])
        writeFileSync(join(folder, 'empty', 'kept'), 'kept')
        writeFileSync(join(folder, 'big'), 'old')
        rmSync(join(folder, 'elsewhere'), {force: true})
        await copy()
        expect(readFileSync(join(folder, 'big')).equals(BIG)).toBe(true)
        expect(readFileSync(join(folder, 'empty', 'kept'), 'utf8')).toBe('kept')
        expect(readFileSync(join(folder, STRANGE), 'utf8')).toBe('strange')
      }
      expect([...readdirSync(here), ...readdirSync(join(there, '..'))].filter((name) => name.endsWith('.part'))).toEqual([])
    })

    test('a folder with a link that leads out of it is refused before anything is sent, as is one with a socket', async () => {
      for (const [index, target] of ['/etc/passwd', '..', '../x', 'sub/../../x', 'sub/..'].entries()) {
        const folder = join(here, `links-${index}`)
        mkdirSync(join(folder, 'sub'), {recursive: true})
        symlinkSync(target, join(folder, 'link'))
        await expect(copyUp(transport, folder, there)).rejects.toMatchObject({kind: 'usage', code: 'COPY_REFUSED', message: expect.stringContaining('link')})
      }
      mkdirSync(join(here, 'special'))
      const server = createServer().listen(join(here, 'special', 'socket'))
      await once(server, 'listening')
      await expect(copyUp(transport, join(here, 'special'), there)).rejects.toMatchObject({kind: 'usage', message: expect.stringContaining('socket')})
      server.close()
      expect(existsSync(there)).toBe(false)
    })

    test('one that is missing, or where a file is in the way, is told so and nothing is changed', async () => {
      await expect(copyDown(transport, `${there}/missing`, join(here, 'missing'))).rejects.toMatchObject({code: 'FILE_MISSING'})
      await expect(copyUp(transport, join(here, 'missing'), there)).rejects.toMatchObject({kind: 'usage', code: 'LOCAL_FILE_UNREADABLE'})
      mkdirSync(join(here, 'tree', 'sub'), {recursive: true})
      writeFileSync(join(here, 'tree', 'first'), 'first')
      await copyUp(transport, join(here, 'tree'), there)
      mkdirSync(join(here, 'down'))
      writeFileSync(join(here, 'down', 'sub'), 'a file')
      await expect(copyDown(transport, there, join(here, 'down'))).rejects.toMatchObject({kind: 'usage', message: expect.stringContaining('in the way')})
      await expect(copyDown(transport, `${there}/first`, join(here, 'down'))).rejects.toMatchObject({kind: 'usage', message: expect.stringContaining('folder')})
      expect(contents(join(here, 'down'))).toHaveLength(1)
      await expect(copyUp(transport, join(here, 'tree'), `${there}/first`)).rejects.toMatchObject({
        code: 'FILE_FAILED',
        message: expect.stringContaining('not a folder'),
      })
    })

    test('nothing is written through a link that is there', async () => {
      mkdirSync(join(here, 'tree', 'sub'), {recursive: true})
      writeFileSync(join(here, 'tree', 'sub', 'file'), 'new')
      await copyUp(transport, join(here, 'tree'), there)
      mkdirSync(join(here, 'outside'))
      mkdirSync(join(here, 'down'))
      symlinkSync(join(here, 'outside'), join(here, 'down', 'sub'))
      await expect(copyDown(transport, there, join(here, 'down'))).rejects.toMatchObject({kind: 'usage', message: expect.stringContaining('in the way')})
      expect(readdirSync(join(here, 'outside'))).toEqual([])
    })
  })
}
