import {spawn} from 'node:child_process'
import {randomUUID} from 'node:crypto'
import type {FileHandle} from 'node:fs/promises'
import type {Readable} from 'node:stream'
import {collectEnd} from '../workers/marked-output.js'
import type {CopyOptions} from '../workers/transport.js'
import {copyError, UPLOAD} from './exec-files.js'
import {quoteArgument} from './quote-argument.js'

const PROGRESS_MS = 250

/** The words of an ssh command line that shares a master's connection, up to the command. */
export type SharedSsh = readonly string[]

/** A copy between a local file and one on the worker. */
export interface DirectCopy {
  local: FileHandle
  workerPath: string
  size: number
  onProgress: CopyOptions['onProgress']
}

/**
 * Sends a local file through an ssh of its own whose standard input it is, so that no byte of it goes through Helix; the target
 * appears whole or not at all. False when ssh got no session. `sizeOf` tells how much of a file the worker has.
 */
export async function sendDirectly(ssh: SharedSsh, copy: DirectCopy, mode: number, sizeOf: (path: string) => Promise<number>): Promise<boolean> {
  const marker = randomUUID()
  // A leading dash would make the path an option.
  const path = copy.workerPath.startsWith('-') ? `./${copy.workerPath}` : copy.workerPath
  const words = [path, marker, String(copy.size), mode.toString(8)].map(quoteArgument)
  const command = `exec sh -c '${UPLOAD}' sh ${words.join(' ')}`
  const {exitCode, stderr} = await watched(
    copy,
    () => sizeOf(`${path}.${marker}.part`),
    () => runSsh(ssh, command, {stdin: copy.local.fd}),
  )
  if (exitCode === 0) return true
  if (exitCode !== null && exitCode >= 103 && exitCode <= 105) throw copyError(exitCode, copy.workerPath, stderr)
  return false
}

/** Fetches a file of the worker in the same way. False when ssh got no session, or when something else came with it, as from a noisy profile. */
export async function fetchDirectly(ssh: SharedSsh, copy: DirectCopy): Promise<boolean> {
  const {local, size, workerPath} = copy
  const sizeHere = async () => (await local.stat()).size
  const command = `exec cat ${quoteArgument(workerPath.startsWith('-') ? `./${workerPath}` : workerPath)}`
  const {exitCode} = await watched(copy, sizeHere, () => runSsh(ssh, command, {stdout: local.fd}))
  return exitCode === 0 && (await sizeHere()) === size
}

// spawn hands over an open file as it is, whatever its number; execa takes those up to 9.
async function runSsh(ssh: SharedSsh, command: string, file: {stdin?: number; stdout?: number}): Promise<{exitCode: number | null; stderr: string}> {
  const child = spawn('ssh', [...ssh, command], {detached: true, stdio: [file.stdin ?? 'ignore', file.stdout ?? 'ignore', 'pipe']})
  const [said, exitCode] = await Promise.all([
    collectEnd(child.stderr as Readable),
    new Promise<number | null>((resolve) => {
      child.once('error', () => resolve(null))
      child.once('close', resolve)
    }),
  ])
  return {exitCode, stderr: said}
}

async function watched<T>({size, onProgress}: DirectCopy, look: () => Promise<number>, work: () => Promise<T>): Promise<T> {
  if (onProgress === undefined) return work()
  onProgress(0, size)
  const timer = setInterval(() => {
    // It may not be there yet, or not any more.
    look().then(
      (done) => onProgress(Math.min(done, size), size),
      () => {},
    )
  }, PROGRESS_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
