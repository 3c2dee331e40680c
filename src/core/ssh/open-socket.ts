import {connect, type Socket} from 'node:net'
import {HelixError, messageOf} from '../errors/helix-error.js'

// What comes over any connection comes here first: Node's own way is 64 KiB anew for each packet, more work than a short one is otherwise.
const RECEIVED = Buffer.allocUnsafeSlow(64 * 1024)

/** Opens a TCP connection. Throws (kind `unavailable`, CONNECT_FAILED) when that takes longer than `timeoutMs`, is refused, or the name is unknown. */
export function openSocket(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const onread = {buffer: RECEIVED, callback: (bytes: number) => socket.push(Buffer.from(RECEIVED.subarray(0, bytes)))}
    const socket: Socket = connect({host, port, noDelay: true, onread})
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs)
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(connectError(host, port, error))
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

const REASONS: Record<string, string> = {
  EAI_AGAIN: 'the host name cannot be looked up just now',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'the host name is not known',
  ETIMEDOUT: 'no answer',
}

/** The error for a host that cannot be connected to (kind `unavailable`, CONNECT_FAILED), in one line. */
export function connectError(host: string, port: number, cause: unknown): HelixError {
  const reason = REASONS[(cause as {code?: string}).code ?? ''] ?? messageOf(cause).split('\n')[0]
  return new HelixError('unavailable', `cannot connect to ${host} port ${port}: ${reason}`, {code: 'CONNECT_FAILED', cause})
}
