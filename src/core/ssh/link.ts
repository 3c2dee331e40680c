import type {Duplex} from 'node:stream'
import type {SharedSsh} from './direct-copy.js'
import type {Session} from './handshake.js'
import {connectError} from './open-socket.js'
import type {ResolvedHost} from './resolve-host.js'

const CLOSE_MS = 1_000

/** A verified, authenticated way to a host, perhaps through others. */
export interface Link extends Session {
  host: ResolvedHost
  socket: Duplex
  /** The host that this one is reached through. */
  via?: Link
  /** Where the system's ssh has the connection: how another ssh shares it. */
  shared?: SharedSsh
  /** Opens a connection of the system's ssh to the same host under the same policy. */
  openShared?: () => Promise<Link>
}

/** Closes a connection in order, with all hosts on the way; one that does not answer within a second is cut. */
export async function closeLink({client, socket, via}: Link): Promise<void> {
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const cut = setTimeout(() => socket.destroy(), CLOSE_MS)
  if (!socket.destroyed && !socket.closed) {
    client.end()
    await closed
  }
  clearTimeout(cut)
  if (via !== undefined) await closeLink(via)
}

/** Opens a way from one host on to the next. Throws (kind `unavailable`, CONNECT_FAILED) when the first cannot reach the second. */
export function openForward(via: Link, {hostname, port}: ResolvedHost): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    via.client.forwardOut('127.0.0.1', 0, hostname, port, (error, stream) => {
      if (error) reject(connectError(hostname, port, new Error(`${via.host.hostname} cannot reach it: ${error.message}`)))
      else resolve(stream)
    })
  })
}
