import {once} from 'node:events'
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net'
import {buffer} from 'node:stream/consumers'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {connectTo} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'
import {waitFor} from '../../fixtures/wait-for.js'

/** Sends back what it gets, and says who is connected and how many ever were. */
class EchoServer {
  readonly sockets = new Set<Socket>()
  accepted = 0
  readonly #server: Server = createServer({allowHalfOpen: true}, (socket) => {
    this.sockets.add(socket)
    this.accepted += 1
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('error', () => {})
    socket.pipe(socket)
  })

  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  stop(): void {
    this.#server.close()
    for (const socket of this.sockets) socket.destroy()
  }
}

describeUnless(sshdAvailable(), 'a connection that is opened from a worker', () => {
  const echo = new EchoServer()
  let sshd: Sshd
  let port: number

  beforeAll(async () => {
    sshd = await Sshd.start()
    port = await echo.start()
  })
  afterAll(async () => {
    echo.stop()
    await sshd?.stop()
  })

  describe.each(['ssh2', 'openssh'] as const)('through %s', (kind) => {
    const settings = kind === 'openssh' ? ({transport: 'openssh'} as const) : {}

    test('carries every byte both ways, many at once, and ends as the other side does', async () => {
      const transport = await connectTo(sshd, settings)
      const sent = Buffer.alloc(3_000_000, 'all the bytes there are, ')
      const sockets = await Promise.all(Array.from({length: 12}, () => transport.dial('127.0.0.1', port, 5000)))
      const received = await Promise.all(
        sockets.map((socket) => {
          socket.end(sent)
          return buffer(socket)
        }),
      )
      expect(received.every((bytes) => bytes.equals(sent))).toBe(true)
      await waitFor('all to be closed there', () => echo.sockets.size === 0)
      await transport.close()
    })

    test('is closed there at once when it is destroyed here', async () => {
      const transport = await connectTo(sshd, settings)
      const socket = await transport.dial('127.0.0.1', port, 5000)
      socket.write('hello')
      await once(socket, 'data')
      expect(echo.sockets.size).toBe(1)
      socket.destroy()
      await waitFor('it to be closed there', () => echo.sockets.size === 0)
      await transport.close()
    })

    test('says where nothing listens', async () => {
      const transport = await connectTo(sshd, settings)
      await expect(transport.dial('127.0.0.1', 1, 5000)).rejects.toMatchObject({
        kind: 'unavailable',
        code: 'TUNNEL_FAILED',
        message: '127.0.0.1 port 1 cannot be reached from 127.0.0.1: Connection refused',
      })
      await transport.close()
    })

    test('fails when the connection to the worker is lost, and never just ends', async () => {
      const transport = await connectTo(sshd, settings)
      const socket = await transport.dial('127.0.0.1', port, 5000)
      const ended: string[] = []
      socket.on('end', () => ended.push('end')).resume()
      const failed = once(socket, 'error')
      sshd.signalConnections('SIGKILL')
      expect(await failed).toMatchObject([{kind: 'unavailable', code: 'CONNECTION_LOST'}])
      expect(ended).toEqual([])
      await expect(transport.dial('127.0.0.1', port, 5000)).rejects.toMatchObject({code: 'CONNECTION_LOST'})
    })
  })

  test('is given up when nobody answers in time, on a link that has gone dead', async () => {
    const transport = await connectTo(sshd)
    const before = echo.accepted
    sshd.signalConnections('SIGSTOP')
    await expect(transport.dial('127.0.0.1', port, 100)).rejects.toMatchObject({code: 'TUNNEL_FAILED', message: expect.stringContaining('0.1 s')})
    sshd.signalConnections('SIGCONT')
    await waitFor('the late channel to be opened and closed', () => echo.accepted > before && echo.sockets.size === 0)
    await transport.close()
  })

  test('is refused by a server that forwards nothing, which says what to set', async () => {
    const strict = await Sshd.start({config: ['AllowTcpForwarding no']})
    const transport = await connectTo(strict)
    await expect(transport.dial('127.0.0.1', port, 5000)).rejects.toMatchObject({
      kind: 'denied',
      code: 'TUNNEL_REFUSED',
      hint: expect.stringContaining('AllowTcpForwarding'),
    })
    await transport.close()
    await strict.stop()
  })
})
