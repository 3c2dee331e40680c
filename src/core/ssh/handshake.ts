import type {Duplex} from 'node:stream'
import type {Client} from 'ssh2'
import type {HelixError} from '../errors/helix-error.js'
import {type Authenticator, authError} from './authenticate.js'
import {type HostKey, type HostKeyAlgorithm, readHostKey} from './host-key.js'
import {type KeepAliveOptions, keepAlive} from './keep-alive.js'
import {connectError} from './open-socket.js'
import type {ResolvedHost} from './resolve-host.js'
import {keepKeys} from './ssh2-channels.js'
import type {HostKeyCheck} from './verify-host-key.js'

/** A host's SSH side: authenticated by its key, this side logged in. */
export interface Session {
  client: Client
  hostKey: HostKey
}

export interface HandshakeOptions extends KeepAliveOptions {
  host: ResolvedHost
  check: HostKeyCheck
  algorithms: HostKeyAlgorithm[]
  auth: Authenticator
  /** Runs out unless it is held, as it is while the user types a secret. */
  deadline: Deadline
}

/** Negotiates SSH on a socket, checks the host's key and logs in. Destroys the socket and throws `denied` (host key, login) or `unavailable` when that fails. */
export async function shakeHands(socket: Duplex, options: HandshakeOptions): Promise<Session> {
  const {host, check, auth, deadline} = options
  const {default: ssh2} = await import('ssh2')
  const client = new ssh2.Client()
  gatherWrites(socket)
  return new Promise((resolve, reject) => {
    let hostKey: HostKey | undefined
    // What this side found wrong says more than ssh2's error that follows from it.
    let failure: unknown
    const fail = (error: Error) => {
      deadline.stop()
      socket.destroy()
      reject(failure ?? toHandshakeError(error, host, auth.tried))
    }
    auth.onFailure = (error) => {
      failure = error
    }
    keepKeys(client)
    deadline.start(() => fail(new Error('no answer')))
    // Stays for good: errors after the first one have nobody else to hear them.
    client.on('error', (error) => {
      // A key that could not be used for signing; ssh2 goes on to the next one.
      if (error.level !== 'agent') fail(error)
    })
    client.on('close', () => fail(new Error('the server closed the connection')))
    client.once('ready', () => {
      deadline.stop()
      keepAlive(client, socket, options)
      if (hostKey === undefined) fail(new Error('the server showed no host key'))
      else resolve({client, hostKey})
    })
    client.connect({
      sock: socket,
      username: host.username,
      authHandler: auth.handler,
      algorithms: {serverHostKey: options.algorithms},
      readyTimeout: 0,
      hostVerifier: (blob: Buffer, done: (accepted: boolean) => void) => {
        const key = readHostKey(blob)
        // Also called when keys are renewed in mid-connection.
        if (hostKey !== undefined || key === undefined) return done(hostKey?.blob.equals(blob) === true)
        check.verify(key).then(
          () => {
            hostKey = key
            done(true)
          },
          (error: unknown) => {
            failure = error
            done(false)
          },
        )
      },
    })
  })
}

/** Hands what is written in one turn of the event loop to the system at once: ssh2 writes each packet in up to three pieces. */
function gatherWrites(socket: Duplex): void {
  const write = socket.write.bind(socket)
  const gather = (...args: Parameters<typeof write>) => {
    if (socket.writableCorked === 0) {
      socket.cork()
      process.nextTick(() => socket.uncork())
    }
    return write(...args)
  }
  Object.assign(socket, {write: gather})
}

/** A time limit that can be held. */
export class Deadline {
  readonly #ms: number
  #timer: NodeJS.Timeout | undefined
  #expire: (() => void) | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  start(expire: () => void): void {
    this.#expire = expire
    this.#timer = setTimeout(expire, this.#ms)
  }

  stop(): void {
    this.#expire = undefined
    clearTimeout(this.#timer)
  }

  /** Lets the work take its time, then counts from the beginning. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    clearTimeout(this.#timer)
    try {
      return await work()
    } finally {
      if (this.#expire !== undefined) this.start(this.#expire)
    }
  }
}

function toHandshakeError(error: Error & {level?: string}, host: ResolvedHost, tried: string[]): HelixError {
  if (error.level === 'client-authentication' || /authentication failures/iu.test(error.message)) return authError(host, tried, error)
  return connectError(host.hostname, host.port, error)
}
