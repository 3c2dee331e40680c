/** A `fetch` for providers: through the proxy that the environment names, if any, and with the limits of the caller instead of Node's own. */
export async function openFetch(connectSeconds: number): Promise<{fetch: typeof fetch; close: () => Promise<void>}> {
  const undici = await import('undici')
  // Node's fetch gives up after five minutes without headers or data, which a large model may need.
  const dispatcher = new undici.EnvHttpProxyAgent({headersTimeout: 0, bodyTimeout: 0, connect: {timeout: connectSeconds * 1000}})
  const fetchWithLimits = (input: string | URL, init?: object) => undici.fetch(input, {...init, dispatcher})
  return {fetch: fetchWithLimits as unknown as typeof fetch, close: () => dispatcher.destroy()}
}
