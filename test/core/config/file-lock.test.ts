import {existsSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync} from 'node:fs'
import {hostname, tmpdir} from 'node:os'
import {join} from 'node:path'
import {setImmediate as yieldOnce} from 'node:timers/promises'
import {describe, expect, it} from '@jest/globals'
import {withFileLock} from '../../../src/core/config/file-lock.js'

// Above the largest PID of Linux.
const DEAD_PID = 2 ** 22 + 1

function makeFile(holder?: {pid: number; host?: string}): string {
  const file = join(mkdtempSync(join(tmpdir(), 'helix-lock-')), 'counter')
  writeFileSync(file, '0')
  if (holder) writeFileSync(`${file}.lock`, JSON.stringify({host: hostname(), id: 'x', ...holder}))
  return file
}

async function count(file: string): Promise<void> {
  await withFileLock(file, async () => {
    const before = Number(readFileSync(file, 'utf8'))
    await yieldOnce()
    writeFileSync(file, String(before + 1))
  })
}

describe('the lock of a file', () => {
  it('lets one at a time work on it, and leaves nothing behind', async () => {
    const file = makeFile()
    await Promise.all(Array.from({length: 30}, () => count(file)))
    expect(readFileSync(file, 'utf8')).toBe('30')
    expect(readdirSync(join(file, '..'))).toEqual(['counter'])
  })

  it('is given back when the work fails', async () => {
    const file = makeFile()
    await expect(withFileLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(existsSync(`${file}.lock`)).toBe(false)
  })

  it('is taken over, by one at a time, from a process that was killed', async () => {
    const file = makeFile({pid: DEAD_PID})
    await Promise.all(Array.from({length: 30}, () => count(file)))
    expect(readFileSync(file, 'utf8')).toBe('30')
    expect(readdirSync(join(file, '..'))).toEqual(['counter'])
  })

  it('of a living process is waited for, and then named', async () => {
    const file = makeFile({pid: process.pid})
    await expect(withFileLock(file, async () => {}, 100)).rejects.toMatchObject({kind: 'busy', hint: `If there is none, remove ${file}.lock`})
    expect(existsSync(`${file}.lock`)).toBe(true)
  })

  it('of another machine is taken over only after 30 s', async () => {
    const file = makeFile({pid: DEAD_PID, host: 'elsewhere.example'})
    await expect(withFileLock(file, async () => {}, 100)).rejects.toMatchObject({kind: 'busy'})
    const old = Date.now() / 1000 - 31
    utimesSync(`${file}.lock`, old, old)
    await count(file)
    expect(readFileSync(file, 'utf8')).toBe('1')
  })
})
