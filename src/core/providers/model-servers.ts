/** Servers of models that workers are found to run: whose plugin speaks their protocol, and where they listen unless told otherwise. */
export const MODEL_SERVERS = new Map([
  ['ollama', {plugin: 'ollama', path: '', port: 11434}],
  ['llama-server', {plugin: 'openai', path: '/v1', port: 8080}],
  ['vllm', {plugin: 'openai', path: '/v1', port: 8000}],
])

/** The address of such a server's API on the machine that it runs on; `found` is where it was found. Undefined for anything else. */
export function serverAddress(kind: string, found: string | undefined): string | undefined {
  const server = MODEL_SERVERS.get(kind)
  return server && (found?.replace(/\/+$/, '') ?? `http://127.0.0.1:${server.port}`) + server.path
}

/** Whether an address is one of this machine. */
export function isThisMachine(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(URL.parse(url)?.hostname ?? '')
}
