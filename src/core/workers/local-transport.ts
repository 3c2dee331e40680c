import {type ChildProcess, spawn} from 'node:child_process'
import {randomUUID} from 'node:crypto'
import {chmod, copyFile, mkdir, open, rename, rm, stat} from 'node:fs/promises'
import {dirname} from 'node:path'
import type {Duplex, Readable, Writable} from 'node:stream'
import {errorCode, HelixError, messageOf} from '../errors/helix-error.js'
import {fileError} from '../ssh/file-error.js'
import {openSocket} from '../ssh/open-socket.js'
import type {CopyOptions, ExecOptions, ProcessExit, Transport, WorkerProcess} from './transport.js'

/** Runs processes on this machine, each in a session of its own so that the terminal's signals do not reach it. */
export class LocalTransport implements Transport {
  readonly closed: Promise<HelixError | undefined>
  #close: () => void = () => {}

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#close = () => resolve(undefined)
    })
  }

  async exec(command: string, options: ExecOptions = {}): Promise<WorkerProcess> {
    const child = spawn('/bin/sh', ['-c', command], {detached: true, env: options.env ?? process.env, stdio: 'pipe'})
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (error) =>
        reject(new HelixError('unavailable', `a process could not be started here: ${messageOf(error)}`, {code: 'SPAWN_FAILED', cause: error})),
      )
    })
    return {stdin: child.stdin as Writable, stdout: child.stdout as Readable, stderr: child.stderr as Readable, exit: exitOf(child)}
  }

  async execSpare(command: string, options?: ExecOptions): Promise<WorkerProcess> {
    const process = await this.exec(command, options)
    void this.closed.then(() => process.stdin.end())
    return process
  }

  async readRange(path: string, offset: number, length: number): Promise<Buffer> {
    const file = await open(path).catch((error: unknown) => {
      throw fileError(errorCode(error) === 'ENOENT' ? 'missing' : 'failed', path, error)
    })
    try {
      const {buffer, bytesRead} = await file.read(Buffer.allocUnsafe(length), 0, length, offset)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  upload(localPath: string, workerPath: string, options: CopyOptions = {}): Promise<void> {
    return copyWhole(localPath, workerPath, options)
  }

  download(workerPath: string, localPath: string, options: CopyOptions = {}): Promise<void> {
    return copyWhole(workerPath, localPath, options)
  }

  dial(host: string, port: number, timeoutMs: number): Promise<Duplex> {
    return openSocket(host, port, timeoutMs)
  }

  async close(): Promise<void> {
    this.#close()
  }
}

function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({code, signal: signal?.replace(/^SIG/, '') ?? null}))
  })
}

async function copyWhole(from: string, to: string, options: CopyOptions): Promise<void> {
  await mkdir(dirname(to), {recursive: true, mode: 0o700})
  const part = `${to}.${randomUUID()}.part`
  try {
    await copyFile(from, part)
    if (options.mode !== undefined) await chmod(part, options.mode)
    await rename(part, to)
  } catch (error) {
    await rm(part, {force: true})
    throw error
  }
  const {size} = await stat(to)
  options.onProgress?.(size, size)
}
