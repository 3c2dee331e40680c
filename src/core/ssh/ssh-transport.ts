import {setMaxListeners} from 'node:events'
import type {Duplex} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Client, ClientChannel, SFTPWrapper} from 'ssh2'
import {HelixError, messageOf} from '../errors/helix-error.js'
import type {CopyOptions, Transport, WorkerProcess} from '../workers/transport.js'
import {toWorkerProcess} from './channel-process.js'
import {fetchDirectly, sendDirectly} from './direct-copy.js'
import {ExecFiles} from './exec-files.js'
import type {HostKey} from './host-key.js'
import {SILENT} from './keep-alive.js'
import {LargeFiles} from './large-files.js'
import {closeLink, type Link} from './link.js'
import {openLocalFile, writeLocalFile} from './local-file.js'
import {openTunnel} from './open-tunnel.js'
import {SessionSlots} from './session-slots.js'
import {SftpSession} from './sftp-session.js'
import {SharedSftp} from './shared-sftp.js'
import {abandonChannel, newestChannel} from './ssh2-channels.js'
import type {WorkerFiles} from './worker-files.js'

const MOST_OTHERS = 7
/** With so few left, tasks and files need them all. */
const FEW_SESSIONS = 3
const REFUSALS = 6
const REFUSAL_PAUSE_MS = 50

/** Asks a connection for a session of some kind. */
type Request<T> = (client: Client, done: (error: Error | undefined, channel: T) => void) => void

interface OpenSession<T> {
  channel: T
  /** To be called once the channel is closed. */
  release: () => void
}

/** A worker's connection over SSH. Only `openConnection` makes one, from a link whose host key has been checked. */
export class SshTransport implements Transport {
  /** The key that the host showed, to be kept with the worker. */
  readonly hostKey: HostKey
  readonly closed: Promise<HelixError | undefined>
  readonly #link: Link
  readonly #openAnother: () => Promise<Link>
  readonly #slots: SessionSlots
  /** Connections of one session each, where the server allows this one no more. */
  readonly #others = new SessionSlots(MOST_OTHERS)
  readonly #lost = new AbortController()
  readonly #sftp = new SharedSftp(() => this.#openSftp())
  readonly #large: LargeFiles
  /** What runs in sessions that were to spare. */
  readonly #spare = new Set<WorkerProcess>()
  readonly #execFiles = new ExecFiles((command) => this.exec(command))
  #settleClosed: (reason: HelixError | undefined) => void = () => {}

  /** `openAnother` opens a second connection to the same host, for a server that allows one session on each. */
  constructor(link: Link, openAnother: () => Promise<Link>, maxSessions = 8) {
    this.#link = link
    this.#openAnother = openAnother
    this.hostKey = link.hostKey
    this.#slots = new SessionSlots(maxSessions, {mayRefuse: true})
    this.#large = new LargeFiles(link, this.#slots)
    // One of these may be the last one; nobody else would ever give it back.
    this.#slots.onShortage = () => {
      void this.#sftp.giveBack().catch(() => {})
      for (const {stdin} of this.#spare) stdin.end()
    }
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve
    })
    setMaxListeners(0, this.#lost.signal)
    link.client.on('error', (error) => this.#lose(this.#lostError(error)))
    // What befalls a host on the way ends this connection a moment later, without a reason.
    for (let hop = link.via; hop !== undefined; hop = hop.via) {
      const {hostname, port} = hop.host
      hop.client.on('error', (error) => this.#lose(this.#lostError(error, `${hostname} port ${port} on the way`)))
    }
    link.client.on('close', () => this.#lose(this.#lostError()))
  }

  async exec(command: string): Promise<WorkerProcess> {
    const {channel, release} = await this.#openSession<ClientChannel>((client, done) => client.exec(command, done))
    channel.once('close', release)
    return toWorkerProcess(channel, this.#lost.signal)
  }

  async execSpare(command: string): Promise<WorkerProcess | undefined> {
    if (this.#slots.limit - this.#slots.open < FEW_SESSIONS) return undefined
    const process = await this.exec(command)
    this.#spare.add(process)
    const forget = () => this.#spare.delete(process)
    process.exit.then(forget, forget)
    return process
  }

  readRange(path: string, offset: number, length: number): Promise<Buffer> {
    return this.#withFiles((files) => files.readRange(path, offset, length))
  }

  async upload(localPath: string, workerPath: string, options: CopyOptions = {}): Promise<void> {
    const {handle: local, size, mode} = await openLocalFile(localPath)
    try {
      const copy = {local, workerPath, size, onProgress: options.onProgress}
      const sizeOf = async (path: string) => (await this.#withFiles((files) => files.stat(path))).size
      if (await this.#large.copy(size, (ssh) => sendDirectly(ssh, copy, options.mode ?? mode, sizeOf))) return options.onProgress?.(size, size)
    } finally {
      await local.close()
    }
    return this.#withFiles((files) => files.upload(localPath, workerPath, options))
  }

  async download(workerPath: string, localPath: string, options: CopyOptions = {}): Promise<void> {
    const {size, mode} = await this.#withFiles((files) => files.stat(workerPath))
    const {onProgress} = options
    const copied = await this.#large.copy(size, (ssh) =>
      writeLocalFile(localPath, options.mode, mode, (local) => fetchDirectly(ssh, {local, workerPath, size, onProgress})),
    )
    if (copied) return onProgress?.(size, size)
    return this.#withFiles((files) => files.download(workerPath, localPath, options))
  }

  // sshd counts only sessions, so this one needs no slot.
  dial(host: string, port: number, timeoutMs: number): Promise<Duplex> {
    return openTunnel({link: this.#link, host, port, timeoutMs, lost: this.#lost.signal})
  }

  async close(): Promise<void> {
    this.#abort(this.#error('was closed'), undefined)
    await closeLink(this.#link)
  }

  async #withFiles<T>(operation: (files: WorkerFiles) => Promise<T>): Promise<T> {
    try {
      return await this.#sftp.use(operation, () => operation(this.#execFiles))
    } finally {
      if (this.#slots.waiting > 0) await this.#sftp.giveBack()
    }
  }

  async #openSftp(): Promise<SftpSession | undefined> {
    try {
      const {channel, release} = await this.#openSession<SFTPWrapper>((client, done) => client.sftp(done))
      const session = new SftpSession(channel, release)
      this.#lost.signal.addEventListener('abort', () => session.abort(this.#lost.signal.reason))
      return session
    } catch (error) {
      // The subsystem is off, its program is not there, or a profile's output garbles it: files go through exec then.
      if (HelixError.is(error) && error.code === 'SESSION_FAILED') return undefined
      throw error
    }
  }

  async #openSession<T>(request: Request<T>): Promise<OpenSession<T>> {
    for (let attempt = 1; ; attempt += 1) {
      if (!(await this.#slots.acquire(attempt > 1))) return this.#openElsewhere(request)
      let opened = await this.#tryOpen(this.#link.client, request)
      if (opened instanceof Error && 'reason' in opened && !this.#lost.signal.aborted) {
        // sshd counts sessions that have just been closed until it gets round to it.
        await sleep(REFUSAL_PAUSE_MS)
        opened = await this.#tryOpen(this.#link.client, request)
      }
      if (!(opened instanceof Error)) return {channel: opened.channel, release: () => this.#slots.release()}
      if (this.#lost.signal.aborted) throw this.#lost.signal.reason
      if (!('reason' in opened)) {
        this.#slots.release()
        throw this.#error(`took no session: ${messageOf(opened)}`, 'SESSION_FAILED')
      }
      if (this.#slots.refused()) continue
      // With nothing open, the server may still be busy closing the session before.
      if (attempt > REFUSALS) throw this.#error(`took no session: ${messageOf(opened)}`, 'SESSION_REFUSED')
      await sleep(REFUSAL_PAUSE_MS * attempt)
    }
  }

  /** Opens a session on a connection of its own, which is closed with it. */
  async #openElsewhere<T>(request: Request<T>): Promise<OpenSession<T>> {
    await this.#others.acquire()
    const close = new AbortController()
    const release = () => close.abort()
    close.signal.addEventListener('abort', () => this.#others.release(), {once: true})
    try {
      const link = await this.#openAnother()
      const closing = () => void closeLink(link).catch(() => {})
      close.signal.addEventListener('abort', closing)
      this.#lost.signal.addEventListener('abort', closing, {signal: close.signal})
      link.client.on('error', () => {})
      this.#lost.signal.throwIfAborted()
      const opened = await this.#tryOpen(link.client, request)
      if (opened instanceof Error) throw this.#error(`took no session: ${messageOf(opened)}`, 'reason' in opened ? 'SESSION_REFUSED' : 'SESSION_FAILED')
      return {channel: opened.channel, release}
    } catch (error) {
      release()
      throw error
    }
  }

  #tryOpen<T>(client: Client, request: Request<T>): Promise<Error | {channel: T}> {
    return new Promise((resolve) => {
      let id: number | undefined
      try {
        request(client, (error, channel) => {
          if (error) abandonChannel(client, id)
          resolve(error ?? {channel})
        })
        id = newestChannel(client)
      } catch (error) {
        // ssh2 throws when the socket is already gone, and reports that a moment later.
        if (client === this.#link.client) this.#lose(this.#lostError(error as Error))
        resolve(error as Error)
      }
    })
  }

  #lose(error: HelixError): void {
    if (this.#lost.signal.aborted) return
    this.#abort(error, error)
    closeLink(this.#link).catch(() => {})
  }

  #abort(error: HelixError, reason: HelixError | undefined): void {
    if (this.#lost.signal.aborted) return
    this.#lost.abort(error)
    this.#slots.close(error)
    this.#others.close(error)
    this.#settleClosed(reason)
  }

  #lostError(cause?: Error, who?: string): HelixError {
    if (cause === undefined) return this.#error('was lost')
    const isSilent = cause.message === SILENT
    const why = isSilent ? `${who ?? 'the host'} does not answer any more` : `${who === undefined ? '' : `${who}: `}${cause.message}`
    return this.#error(`was lost: ${why}`, 'CONNECTION_LOST', cause)
  }

  #error(what: string, code = 'CONNECTION_LOST', cause?: Error): HelixError {
    const {hostname, port} = this.#link.host
    return new HelixError('unavailable', `the connection to ${hostname} port ${port} ${what}`, {code, ...(cause !== undefined && {cause})})
  }
}
