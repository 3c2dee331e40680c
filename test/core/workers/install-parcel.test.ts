import {execFileSync} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from '@jest/globals'
import {cksumOf} from '../../../src/core/workers/install/cksum.js'
import {readHelix} from '../../../src/core/workers/install/helix-parcel.js'
import {getRuntime} from '../../../src/core/workers/install/node-runtime.js'
import {compareVersions, isFitting} from '../../../src/core/workers/install/worker-state.js'

describe('the checksum for workers without SHA-256', () => {
  test.each([0, 1, 255, 256, 65_537])('is what cksum says of %d bytes', (size) => {
    const content = randomBytes(size)
    expect(cksumOf(content)).toBe(execFileSync('cksum', {input: content, encoding: 'utf8'}).split(' ')[0])
  })
})

describe('the Helix for a worker', () => {
  const paths = async (system: string, arch: string, libc?: 'glibc' | 'musl') =>
    (await readHelix(process.cwd(), {system, arch, libc})).files.map(({path}) => path)

  test('has what runs and the SQLite driver for the system, the architecture and the libc, and nothing for others', async () => {
    const files = await paths('linux', 'arm64', 'musl')
    expect(files).toEqual(expect.arrayContaining(['agent', 'bin/run.js', 'dist/helix.cjs', 'helix', 'migrations/0001_foundation.js', 'package.json']))
    expect(files.filter((path) => path.endsWith('.node'))).toEqual(['node_modules/better-sqlite3/prebuilds/linuxmusl-arm64.node'])
    expect(files.filter((path) => /keyring|\.d\.ts$/.test(path))).toEqual([])
    expect((await paths('darwin', 'arm64')).filter((path) => path.endsWith('.node'))).toEqual(['node_modules/better-sqlite3/prebuilds/darwin-arm64.node'])
    expect((await paths('freebsd', 'x64')).filter((path) => path.includes('better-sqlite3'))).toEqual([])
  })

  test('is named by its content', async () => {
    const linux = await readHelix(process.cwd(), {system: 'linux', arch: 'x64', libc: 'glibc'})
    expect((await readHelix(process.cwd(), {system: 'linux', arch: 'x64', libc: 'glibc'})).name).toBe(linux.name)
    expect((await readHelix(process.cwd(), {system: 'darwin', arch: 'x64', libc: undefined})).name).not.toBe(linux.name)
  })
})

describe('the Node for a worker', () => {
  test.each([
    ['22.17.9', false],
    ['22.18.0', true],
    ['24.0.0', true],
    ['9.11.2', false],
  ])('%s that is there is fitting: %s', (version, fits) => {
    expect(isFitting(version)).toBe(fits)
  })

  test('is the newest, by number', () => {
    expect(['24.9.0', '24.22.0', '24.10.1'].sort(compareVersions)).toEqual(['24.22.0', '24.10.1', '24.9.0'])
  })

  test.each([
    ['linux', 'x64', 'musl', 'Linux with musl'],
    ['freebsd', 'x64', undefined, 'freebsd x64'],
  ] as const)('does not exist for %s %s %s, which is said with what to do', async (system, arch, libc, said) => {
    const folder = mkdtempSync(join(tmpdir(), 'helix-cache-'))
    await expect(getRuntime({system, arch, libc}, folder)).rejects.toMatchObject({
      ...{kind: 'unavailable', code: 'RUNTIME_MISSING', message: expect.stringContaining(said), hint: expect.stringContaining('Node 22.18')},
    })
    rmSync(folder, {recursive: true})
  })
})
