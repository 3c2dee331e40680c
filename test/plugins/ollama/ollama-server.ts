import {createServer, type IncomingHttpHeaders, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {openFetch} from '../../../src/core/providers/open-fetch.js'
import type {LLMProvider, ProviderEvent} from '../../../src/core/providers/provider.js'
import {checkSettings, timeoutsOf} from '../../../src/core/providers/provider-settings.js'
import ollama from '../../../src/plugins/ollama/plugin.js'

interface OllamaRequest {
  /** Such as `POST /api/chat`. */
  route: string
  headers: IncomingHttpHeaders
  /** Empty for one without a body. */
  body: Record<string, unknown>
}

/** Answers one request; the last of a server answers all that come after it. */
export type Answer = (response: ServerResponse) => unknown

/** A server that speaks Ollama's protocol, as far as a test says. */
export class OllamaServer implements AsyncDisposable {
  readonly requests: OllamaRequest[] = []
  /** Requests whose connection the client has given up. */
  readonly givenUp: OllamaRequest[] = []
  #answers: Answer[] = []
  readonly #close: (() => Promise<unknown>)[] = []
  readonly #server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request.setEncoding('utf8')) text += piece
    const asked = {route: `${request.method} ${request.url}`, headers: request.headers, body: JSON.parse(text || '{}')}
    this.requests.push(asked)
    response.on('close', () => response.writableFinished || this.givenUp.push(asked))
    await (this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0])?.(response)
  })

  static async start(...answers: Answer[]): Promise<OllamaServer> {
    const server = new OllamaServer()
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    server.#answers = answers
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The plugin's provider for this server, as the registry would open it. */
  async open(configured: object = {}, {apiKey, id = 'ollama'}: {apiKey?: string; id?: string} = {}): Promise<LLMProvider> {
    const plugin = await ollama()
    const settings = checkSettings(id, plugin, {configured: {[id]: {base_url: this.url, retries: 0, ...configured}}, env: {}, placeOf: () => 'helix.json'})
    const connection = await openFetch(5)
    this.#close.push(connection.close)
    return plugin.open({
      id,
      settings,
      apiKey,
      fetch: connection.fetch,
      clock: {now: Date.now, sleep: async () => {}},
      timeouts: timeoutsOf(settings),
      retries: settings.retries,
      packageFolder: '',
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await Promise.all([...this.#close.map((close) => close()), new Promise((resolve) => this.#server.close(resolve))])
  }
}

/** The lines that Ollama sends for the values. */
export function toLines(...values: object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}

/** Streams the values, each as a line. */
export function streams(...values: object[]): Answer {
  return (response) => response.setHeader('content-type', 'application/x-ndjson').end(toLines(...values))
}

/** Streams an answer of these messages, the last line being the done one. */
export function answers(messages: object[], done: object = {}): Answer {
  const lines = messages.map((message) => ({
    model: 'm',
    created_at: '2026-01-01T00:00:00Z',
    message: {role: 'assistant', content: '', ...message},
    done: false,
  }))
  return streams(...lines, {model: 'm', message: {role: 'assistant', content: ''}, done: true, done_reason: 'stop', ...done})
}

/** Refuses with a status and Ollama's kind of body. */
export function refuses(status: number, error: string, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(status, {'content-type': 'application/json; charset=utf-8', ...headers}).end(JSON.stringify({error}))
}

/** Sends a page that is not Ollama's. */
export function sendsPage(status: number): Answer {
  return (response) => response.writeHead(status, {'content-type': 'text/html'}).end('<!doctype html>\n<title>A model of a page</title>\n')
}

/** All events of an answer. */
export async function collect(events: AsyncIterable<ProviderEvent>): Promise<ProviderEvent[]> {
  const collected: ProviderEvent[] = []
  for await (const event of events) collected.push(event)
  return collected
}
