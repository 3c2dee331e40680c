/** Never asked through a proxy: what runs on this machine no proxy knows. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1']

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
