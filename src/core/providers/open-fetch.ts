import type {Socket} from 'node:net'
import type {Duplex} from 'node:stream'

/** Never asked through a proxy: what runs on this machine no proxy knows. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1']
/** The longest time that a timer knows. */
const NEVER_MS = 2 ** 31 - 1

/** A `fetch` for providers: through the proxy that the environment names, if any, and with the limits of the caller instead of Node's own. */
export async function openFetch(connectSeconds: number, env: NodeJS.ProcessEnv = process.env): Promise<{fetch: typeof fetch; close: () => Promise<void>}> {
  const undici = await import('undici')
  const dispatcher = new undici.EnvHttpProxyAgent({
    // Node's fetch gives up after five minutes without headers or data, which a large model may need.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {timeout: connectSeconds * 1000},
    httpProxy: env.http_proxy ?? env.HTTP_PROXY ?? '',
    httpsProxy: env.https_proxy ?? env.HTTPS_PROXY ?? '',
    noProxy: [env.no_proxy ?? env.NO_PROXY, ...LOOPBACK].join(','),
  })
  const fetchWithLimits = (input: string | URL, init?: object) => undici.fetch(input, {...init, dispatcher})
  return {fetch: fetchWithLimits as unknown as typeof fetch, close: () => dispatcher.destroy()}
}

/** Opens a connection to a host and port, as a worker sees them. */
export type Dial = (host: string, port: number, timeoutMs: number) => Promise<Duplex>

/** A `fetch` whose connections are opened from a worker: never through a proxy, which no worker's own address is behind. */
export async function openFetchThrough(dial: Dial, connectSeconds: number): Promise<{fetch: typeof fetch; close: () => Promise<void>}> {
  const undici = await import('undici')
  const timeoutMs = connectSeconds > 0 ? connectSeconds * 1000 : NEVER_MS
  const secure = undici.buildConnector({timeout: connectSeconds * 1000})
  const dispatcher = new undici.Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (options, callback) => {
      const isSecure = options.protocol === 'https:'
      const port = Number(options.port || (isSecure ? 443 : 80))
      dial(options.hostname.replace(/^\[|\]$/g, ''), port, timeoutMs).then(
        // undici takes any Duplex for a socket.
        (socket) => (isSecure ? secure({...options, httpSocket: socket as Socket}, callback) : callback(null, socket as Socket)),
        (error) => callback(error, null),
      )
    },
  })
  const fetchThrough = (input: string | URL, init?: object) => undici.fetch(input, {...init, dispatcher})
  return {fetch: fetchThrough as unknown as typeof fetch, close: () => dispatcher.destroy()}
}
