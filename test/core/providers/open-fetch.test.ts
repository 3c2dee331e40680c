import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {createServer, type Server} from 'node:http'
import {type AddressInfo, connect} from 'node:net'
import {afterEach, describe, expect, test} from '@jest/globals'
import {openFetch} from '../../../src/core/providers/open-fetch.js'
import {waitFor} from '../../fixtures/wait-for.js'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A proxy that leads everything to one server, and the hosts that it was asked for. */
async function startProxy(target: number): Promise<{url: string; asked: string[]}> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(String(request.url))
    response.end('through the proxy')
  })
  server.on('connect', (request, socket) => {
    asked.push(String(request.url))
    const upstream = connect(target, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  })
  return {url: `http://127.0.0.1:${await listen(server)}`, asked}
}

async function open(connectSeconds: number, env: NodeJS.ProcessEnv = {}): Promise<typeof fetch> {
  const connection = await openFetch(connectSeconds, env)
  closing.push(connection.close)
  return connection.fetch
}

describe('requests of a provider', () => {
  test('go through the proxy that the environment names, but for those that it excepts and those to this machine', async () => {
    const port = await listen(createServer((_, response) => response.end('the provider')))
    const proxy = await startProxy(port)
    const request = await open(5, {HTTP_PROXY: proxy.url, NO_PROXY: 'intern.invalid'})
    await (await request('http://provider.invalid/v1')).text()
    expect(proxy.asked).toEqual([expect.stringContaining('provider.invalid')])
    for (const host of ['127.0.0.1', 'localhost']) expect(await (await request(`http://${host}:${port}/`)).text()).toBe('the provider')
    await expect(request('http://intern.invalid/')).rejects.toThrow()
    expect(proxy.asked).toHaveLength(1)
  })

  test('give up a connection that does not come about in time', async () => {
    // A stopped process accepts nothing, and once its queue is full the kernel answers nobody either.
    const script = "require('net').createServer().listen({port: 0, host: '127.0.0.1', backlog: 1}, function () { console.log(this.address().port) })"
    const stopped = spawn(process.execPath, ['-e', script], {stdio: ['ignore', 'pipe', 'inherit']})
    closing.push(() => stopped.kill('SIGKILL'))
    const port = Number((await once(stopped.stdout, 'data'))[0])
    stopped.kill('SIGSTOP')
    const queue = Array.from({length: 8}, () => connect(port, '127.0.0.1').on('error', () => {}))
    closing.push(() => {
      for (const socket of queue) socket.destroy()
    })
    await waitFor('the queue to be full', () => queue.filter((socket) => socket.readyState === 'open').length >= 2)

    const request = await open(0.2)
    await expect(request(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({cause: expect.objectContaining({code: 'UND_ERR_CONNECT_TIMEOUT'})})
  })
})
