import {connect, type Socket} from 'node:net'
import {Duplex} from 'node:stream'

// PROTOCOL.mux of OpenSSH, which has had the proxy mode since 7.4.
const MUX_MSG_HELLO = 0x00000001
const MUX_C_PROXY = 0x1000000f
const MUX_S_PROXY = 0x8000000f
const VERSION = 4

/** Connects to the control socket of an OpenSSH master and has it carry packets of SSH's connection protocol, which it encrypts. Rejects when there is no master that does. */
export async function openMuxSocket(path: string): Promise<Socket> {
  const socket = connect({path})
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  try {
    socket.write(Buffer.concat([message(MUX_MSG_HELLO, VERSION), message(MUX_C_PROXY, 0)]))
    for (;;) {
      const type = await readMessage(socket)
      if (type === MUX_S_PROXY) return socket
      if (type !== MUX_MSG_HELLO) throw new Error('this OpenSSH has no proxy mode (7.4 or later is needed)')
    }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** A master's socket whose end is told only when `lost` says why, since the master's last words come by another way. */
export class MuxStream extends Duplex {
  readonly #socket: Socket
  readonly #lost: () => Promise<Error | undefined>

  constructor(socket: Socket, lost: () => Promise<Error | undefined>) {
    super({highWaterMark: 1024 * 1024})
    this.#socket = socket
    this.#lost = lost
    socket.on('data', (chunk: Buffer) => this.push(chunk) || socket.pause())
    socket.on('error', () => {})
    socket.once('close', () => {
      void this.#lost().then((reason) => this.destroy(reason))
    })
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // A write that meets a closed socket is not what went wrong; the reason comes with its end.
    this.#socket.write(chunk, () => done())
  }

  override _writev(chunks: {chunk: Buffer}[], done: (error?: Error | null) => void): void {
    this.#socket.cork()
    for (const {chunk} of chunks.slice(0, -1)) this.#socket.write(chunk)
    this.#socket.write(chunks.at(-1)?.chunk ?? Buffer.alloc(0), () => done())
    this.#socket.uncork()
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}

function message(...words: number[]): Buffer {
  const data = Buffer.alloc(4 + 4 * words.length)
  for (const [index, word] of [4 * words.length, ...words].entries()) data.writeUInt32BE(word, 4 * index)
  return data
}

async function readMessage(socket: Socket): Promise<number> {
  const length = (await readExactly(socket, 4)).readUInt32BE()
  return (await readExactly(socket, length)).readUInt32BE()
}

async function readExactly(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const data: Buffer | null = socket.read(length)
    if (data !== null) return data
    await new Promise<void>((resolve, reject) => {
      const settle = () => {
        socket.off('readable', settle)
        socket.off('close', fail)
        resolve()
      }
      const fail = () => {
        socket.off('readable', settle)
        reject(new Error('the master closed its socket'))
      }
      socket.once('readable', settle)
      socket.once('close', fail)
    })
  }
}
