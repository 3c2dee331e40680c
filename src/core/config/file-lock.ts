import {randomUUID} from 'node:crypto'
import {link, mkdir, readFile, rename, rm, stat, writeFile} from 'node:fs/promises'
import {hostname} from 'node:os'
import {dirname} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {isPidAlive} from '../process-identity.js'
import {configError} from './config-error.js'
import {errorCode} from './error-code.js'

// The lock is held for one read and one write of a small file; whoever holds it longer than this is dead, on this machine or another.
const STALE_MS = 30_000
const WAIT_MS = 10_000

/** Runs `action` while no other process runs one under the lock of the same file. Waits up to `waitMs`, then throws kind `busy`; a lock whose holder died is taken over. */
export async function withFileLock<T>(file: string, action: () => Promise<T>, waitMs: number = WAIT_MS): Promise<T> {
  const lock = `${file}.lock`
  const token = JSON.stringify({pid: process.pid, host: hostname(), id: randomUUID()})
  await acquireLock(lock, token, file, Date.now() + waitMs)
  try {
    return await action()
  } finally {
    if ((await readLock(lock)) === token) await rm(lock, {force: true})
  }
}

async function acquireLock(lock: string, token: string, file: string, deadline: number): Promise<void> {
  while (!(await createLock(lock, token, file))) {
    await removeStaleLock(lock)
    if (Date.now() > deadline) {
      throw new HelixError('busy', `another process is writing ${file}`, {code: 'CONFIG_LOCKED', hint: `If there is none, remove ${lock}`})
    }
    await sleep(10 + Math.random() * 20)
  }
}

async function createLock(lock: string, token: string, file: string): Promise<boolean> {
  try {
    await mkdir(dirname(lock), {recursive: true, mode: 0o700})
    await writeFile(lock, token, {flag: 'wx', mode: 0o600})
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw configError(file, `cannot be written: ${messageOf(error)}`, {code: 'CONFIG_UNWRITABLE', cause: error})
  }
}

async function removeStaleLock(lock: string): Promise<void> {
  const content = await readLock(lock)
  if (content === undefined || !(await isStale(lock, content))) return
  // Only one of several waiters can rename it; that it was still the same lock shows only afterwards.
  const aside = `${lock}.${randomUUID()}`
  try {
    await rename(lock, aside)
    if ((await readLock(aside)) !== content) await link(aside, lock)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'EEXIST') throw error
  } finally {
    await rm(aside, {force: true})
  }
}

async function isStale(lock: string, content: string): Promise<boolean> {
  const stats = await stat(lock).catch(() => undefined)
  if (stats === undefined) return false
  if (Date.now() - stats.mtimeMs > STALE_MS) return true
  const holder = parseHolder(content)
  return holder !== undefined && holder.host === hostname() && !isPidAlive(holder.pid)
}

// A lock is empty for a moment before its content is written.
function parseHolder(content: string): {pid: number; host: string} | undefined {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}

async function readLock(lock: string): Promise<string | undefined> {
  try {
    return await readFile(lock, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
