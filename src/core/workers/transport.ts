import type {Duplex, Readable, Writable} from 'node:stream'
import type {HelixError} from '../errors/helix-error.js'

/** How a process on a worker ended: `code` from exit(2), or the `signal`'s name without SIG, such as `KILL`. */
export interface ProcessExit {
  code: number | null
  signal: string | null
}

/** A process started through a transport. It goes on when the connection is lost unless it reads or writes its streams. */
export interface WorkerProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles once the process has ended and both streams are at their end; rejects (kind `unavailable`) when the connection was lost first. */
  readonly exit: Promise<ProcessExit>
}

export interface ExecOptions {
  /** The whole environment of the process. Only the local transport takes one; SSH starts with the worker's own. */
  env?: NodeJS.ProcessEnv
}

export interface CopyOptions {
  /** Permission bits of the target, such as 0o600. */
  mode?: number
  /** Called with the bytes copied so far and the bytes in all. */
  onProgress?: (done: number, total: number) => void
  /** Names the copy, so that one of the same name that was cut off before is cleared away. */
  copyName?: string | undefined
}

/** A way to run processes and to move files on one worker. */
export interface Transport {
  /** Runs a command line in the worker's login shell (which may be dash, bash, zsh or fish), without a terminal. Waits while all sessions of the connection are in use. */
  exec(command: string, options?: ExecOptions): Promise<WorkerProcess>
  /** Runs a command line as `exec` does, but in a session that nobody else needs, and ends its input once somebody does. Undefined where there are too few. */
  execSpare?(command: string, options?: ExecOptions): Promise<WorkerProcess | undefined>
  /** Reads up to `length` bytes of a file from `offset`; fewer at its end, none past it. */
  readRange(path: string, offset: number, length: number): Promise<Buffer>
  /** Copies a local file to the worker; the target appears whole or not at all. */
  upload(localPath: string, workerPath: string, options?: CopyOptions): Promise<void>
  /** Copies a file from the worker; the target appears whole or not at all. */
  download(workerPath: string, localPath: string, options?: CopyOptions): Promise<void>
  /** Opens a TCP connection from the worker to an address that the worker sees, without a port being opened anywhere. Rejects with kind `unavailable`, or `denied` where the worker allows none. */
  dial(host: string, port: number, timeoutMs: number): Promise<Duplex>
  /** Resolves when the transport is closed: with the reason when the connection was lost, with undefined after `close()`. */
  readonly closed: Promise<HelixError | undefined>
  close(): Promise<void>
}
