import type {Duplex} from 'node:stream'
import type {Client} from 'ssh2'

const LARGEST_PACKET = 512 * 1024

/** The parts of ssh2's client and protocol that are replaced. */
interface Internals {
  _protocol: {
    start(): void
    disconnect(reason: number): void
    _parse(chunk: Buffer, from: number, to: number): number
    _onHeader(header: {versions: {software: string}}): void
    _onPayload(payload: Buffer): unknown
    _onWrite(data: Buffer): void
    _authenticated: boolean
    _remoteIdentRaw: Buffer
    _cipher: PlainCipher
    _decipher: {free(): void}
  }
}

/**
 * ssh2's client for a stream on which somebody else has authenticated and encrypts: channels, SFTP and flow control
 * remain, identification, key exchange and login fall away. A packet is as in RFC 4253, 6, without padding. Touches
 * internals of ssh2 1.17.
 */
export async function openPlainClient(stream: Duplex): Promise<Client> {
  const {default: ssh2} = await import('ssh2')
  const client = new ssh2.Client()
  // Stays for good: errors after the first one have nobody else to hear them.
  client.on('error', () => {})
  client.connect({sock: stream, username: 'nobody', readyTimeout: 0, keepaliveInterval: 0})
  const protocol = (client as unknown as Internals)._protocol
  const reader = new PacketReader((payload) => protocol._onPayload(payload))
  protocol.start = () => {}
  // It would end the connection to the host, which is the master's to do.
  protocol.disconnect = () => {}
  protocol._onHeader({versions: {software: 'OpenSSH'}})
  protocol._remoteIdentRaw = Buffer.from('SSH-2.0-OpenSSH')
  protocol._authenticated = true
  protocol._cipher = new PlainCipher(protocol._onWrite)
  protocol._decipher = {free() {}}
  protocol._parse = (chunk, from, to) => {
    reader.push(chunk.subarray(from, to))
    return to
  }
  return client
}

/** Frames packets as ssh2's ciphers do, but leaves them as they are. */
class PlainCipher {
  readonly outSeqno = 0
  #write: ((data: Buffer) => void) | undefined

  constructor(write: (data: Buffer) => void) {
    this.#write = write
  }

  allocPacket(length: number): Buffer {
    const packet = Buffer.allocUnsafe(5 + length)
    packet.writeUInt32BE(1 + length)
    packet[4] = 0
    return packet
  }

  encrypt(packet: Buffer): void {
    this.#write?.(packet)
  }

  free(): void {
    this.#write = undefined
  }
}

/** Cuts a stream into packets. */
class PacketReader {
  readonly #onPayload: (payload: Buffer) => void
  #rest: Buffer[] = []
  #have = 0
  #need = 4

  constructor(onPayload: (payload: Buffer) => void) {
    this.#onPayload = onPayload
  }

  push(chunk: Buffer): void {
    this.#rest.push(chunk)
    this.#have += chunk.length
    if (this.#have < this.#need) return
    const data = this.#rest.length === 1 ? chunk : Buffer.concat(this.#rest)
    let at = 0
    for (;;) {
      const left = data.length - at
      const length = left < 4 ? 0 : data.readUInt32BE(at)
      if (length > LARGEST_PACKET) throw new Error(`a packet of ${length} bytes`)
      this.#need = 4 + length
      if (left < 4 || left < this.#need) break
      // The length, and a byte for the padding that there is none of.
      this.#onPayload(data.subarray(at + 5, at + this.#need))
      at += this.#need
    }
    this.#rest = at === data.length ? [] : [data.subarray(at)]
    this.#have = data.length - at
  }
}
