import {createSecretKey, type KeyObject} from 'node:crypto'
import type {Duplex} from 'node:stream'
import type {Client, SFTPWrapper} from 'ssh2'

interface Channels {
  _cur: number
  _channels: Record<number, unknown>
}

/** Those of AES-GCM have these keys; the others make one cipher for all packets, or take no such key. */
interface Ciphers {
  _cipher: {_encKey?: Uint8Array | KeyObject}
  _decipher: {_decipherKey?: Uint8Array | KeyObject}
}

interface AnyChannel {
  on(event: 'error', listener: () => void): void
  push(data: Buffer | null): boolean
  destroy(): void
}

/** The id of the channel that ssh2 was asked for last. */
export function newestChannel(client: Client): number {
  return channelsOf(client)._cur
}

/** Closes a channel that the server opened but then did nothing useful with: ssh2 (1.17) reports the failure and leaves the channel open, where it counts as one of the server's sessions for good. */
export function abandonChannel(client: Client, id: number | undefined): void {
  const channel = id === undefined ? undefined : channelsOf(client)._channels[id]
  // A function stands for a channel that never opened.
  if (!isChannel(channel)) return
  channel.on('error', () => {})
  // What still comes is garbage, and SFTP's reader would take it for the length of a packet.
  channel.push = () => true
  channel.destroy()
}

/** Hands the packets that `send` makes to the system in one go instead of one by one: a large SFTP write is cut into many. */
export function atOnce(sftp: SFTPWrapper, send: () => void): void {
  const socket = (sftp as unknown as {_client: {_sock: Duplex}})._client._sock
  socket.cork()
  try {
    send()
  } finally {
    socket.uncork()
  }
}

/** Asks the server for an answer, whichever. */
export function ping(client: Client): void {
  const {_callbacks, _protocol} = client as unknown as {_callbacks: (() => void)[]; _protocol: {ping(): void}}
  // Answers come in the order of what was asked.
  _callbacks.push(() => {})
  _protocol.ping()
}

/**
 * Has packets ciphered with keys that Node keeps ready. ssh2 (1.17) hands it bytes for each packet, for which Node 24 makes an error with
 * its stack, to find out that they are no key, and drops it: 11 µs each, where a key takes less than 2.
 */
export function keepKeys(client: Client): void {
  // Also emitted when keys are renewed in mid-connection.
  client.on('handshake', () => {
    const {_cipher, _decipher} = (client as unknown as {_protocol: Ciphers})._protocol
    if (_cipher._encKey instanceof Uint8Array) _cipher._encKey = createSecretKey(_cipher._encKey)
    if (_decipher._decipherKey instanceof Uint8Array) _decipher._decipherKey = createSecretKey(_decipher._decipherKey)
  })
}

function channelsOf(client: Client): Channels {
  return (client as unknown as {_chanMgr: Channels})._chanMgr
}

function isChannel(value: unknown): value is AnyChannel {
  return typeof value === 'object' && value !== null && 'destroy' in value
}
