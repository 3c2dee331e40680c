import {Duplex} from 'node:stream'
import type {Channel} from 'ssh2'
import {HelixError, messageOf} from '../errors/helix-error.js'
import type {Link} from './link.js'

/** `SSH_OPEN_ADMINISTRATIVELY_PROHIBITED`, RFC 4254, 5.1. */
const PROHIBITED = 1

/** A TCP connection that a host is to open. */
export interface TunnelOptions {
  link: Pick<Link, 'client' | 'host'>
  /** The address as the link's host sees it. */
  host: string
  port: number
  timeoutMs: number
  /** Aborted, with a HelixError, when the connection to the host is lost. */
  lost: AbortSignal
}

/**
 * Opens a TCP connection from a host to an address that it sees, as a channel of the connection to it: no port is opened anywhere.
 * Rejects with kind `unavailable` (TUNNEL_FAILED) where nothing answers there, `denied` (TUNNEL_REFUSED) where the host allows no such
 * channel, and with the reason of `lost`.
 */
export function openTunnel({link, host, port, timeoutMs, lost}: TunnelOptions): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (lost.aborted) return reject(lost.reason)
    const {client, host: from} = link
    let isOver = false
    const end = (settle: () => void) => {
      isOver = true
      clearTimeout(timer)
      lost.removeEventListener('abort', onLost)
      settle()
    }
    const fail = (why: string) =>
      end(() => reject(new HelixError('unavailable', `${host} port ${port} cannot be reached from ${from.hostname}: ${why}`, {code: 'TUNNEL_FAILED'})))
    const onLost = () => end(() => reject(lost.reason))
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs)
    lost.addEventListener('abort', onLost)
    try {
      client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        if (isOver) return channel?.destroy()
        if (!error) return end(() => resolve(new TunnelSocket(channel, lost)))
        if ((error as {reason?: number}).reason !== PROHIBITED) return fail(error.message.replace(/^\(SSH\) Channel open failure: /, ''))
        const hint = 'Its sshd_config has to say: AllowTcpForwarding local'
        end(() => reject(new HelixError('denied', `the SSH server of ${from.hostname} opens no connections for its users`, {code: 'TUNNEL_REFUSED', hint})))
      })
    } catch (error) {
      // ssh2 throws when the socket is already gone.
      fail(messageOf(error))
    }
  })
}

/** A channel as a socket: writes to one that is closed fail, and a lost connection is an error, never an end. */
class TunnelSocket extends Duplex {
  readonly #channel: Channel
  #isClosed = false

  constructor(channel: Channel, lost: AbortSignal) {
    super()
    this.#channel = channel
    const onLost = () => this.destroy(lost.reason)
    lost.addEventListener('abort', onLost)
    this.once('close', () => lost.removeEventListener('abort', onLost))
    channel.on('error', () => {})
    channel.on('data', (chunk: Buffer) => this.destroyed || this.push(chunk) || channel.pause())
    channel.once('end', () => this.destroyed || this.push(null))
    channel.once('close', () => {
      this.#isClosed = true
    })
  }

  override _read(): void {
    this.#channel.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // ssh2's own channel never calls back a write that meets a closed channel.
    if (this.#isClosed) done(Object.assign(new Error('the connection is closed'), {code: 'EPIPE'}))
    else this.#channel.write(chunk, () => done())
  }

  override _final(done: () => void): void {
    this.#channel.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // What nobody wants must not keep the channel from closing.
    this.#channel.resume()
    this.#channel.destroy()
    done(error)
  }
}
