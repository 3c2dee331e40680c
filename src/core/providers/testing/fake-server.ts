import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {text} from 'node:stream/consumers'

/** A request as it came over the socket. */
export interface RecordedRequest {
  method: string
  path: string
  headers: NodeJS.Dict<string | string[]>
  body: string
}

/** One request and the way to answer it, byte by byte if need be. */
export class Exchange {
  readonly request: RecordedRequest
  /** Resolves when the connection can carry no more of this answer, whoever ended it. */
  readonly closed: Promise<void>
  isClosed = false
  readonly #response: ServerResponse

  constructor(request: RecordedRequest, response: ServerResponse) {
    this.request = request
    this.#response = response
    this.closed = new Promise((resolve) => {
      response.once('close', () => {
        this.isClosed = true
        resolve()
      })
    })
    response.socket?.setNoDelay(true)
  }

  head(status: number, headers: Record<string, string>): void {
    this.#response.writeHead(status, headers)
    this.#response.flushHeaders()
  }

  /** Sends the bytes as a piece of their own and waits until they are out. */
  async write(piece: string | Uint8Array): Promise<void> {
    if (this.isClosed || piece.length === 0) return
    await Promise.race([this.closed, new Promise<void>((resolve) => this.#response.write(piece, () => resolve()))])
  }

  end(): void {
    this.#response.end()
  }

  /** Takes the connection away without ending the answer. */
  cut(): void {
    this.#response.socket?.destroy()
  }
}

/** How one request is answered. */
export type Reply = (exchange: Exchange) => void | Promise<void>

/** A server on 127.0.0.1 that answers as it is told and keeps what it was asked. */
export class FakeServer {
  readonly requests: RecordedRequest[] = []
  readonly #server = createServer((request, response) => this.#answer(request, response).catch(() => response.destroy()))
  #port = 0
  #replies: Reply[] = [notTold]
  #exchanges: Exchange[] = []
  #waiting: {count: number; resolve: () => void}[] = []

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** One reply for each request to come; the last one stays. Forgets the requests so far. */
  reply(...replies: Reply[]): void {
    this.#replies = replies
    this.requests.length = 0
    this.#exchanges = []
  }

  /** The exchange of the request with that number, from 0, once it has come. */
  async exchange(index = 0): Promise<Exchange> {
    if (this.#exchanges.length <= index) await new Promise<void>((resolve) => this.#waiting.push({count: index + 1, resolve}))
    return this.#exchanges[index] as Exchange
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {method = '', url: path = '', headers} = request
    const recorded = {method, path, headers, body: await text(request)}
    const exchange = new Exchange(recorded, response)
    const reply = this.#replies[Math.min(this.requests.length, this.#replies.length - 1)]
    this.requests.push(recorded)
    this.#exchanges.push(exchange)
    for (const {count, resolve} of this.#waiting) if (this.#exchanges.length >= count) resolve()
    await reply?.(exchange)
  }
}

async function notTold(exchange: Exchange): Promise<void> {
  exchange.head(501, {'content-type': 'text/plain'})
  await exchange.write('the fake server was not told how to answer')
  exchange.end()
}
