// The adapters that are measured: where each asks, and what else asks there.
// @ts-check
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, readdirSync} from 'node:fs'
import {setTimeout as delay} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'

/**
 * @typedef {object} Adapter
 * @property {string} id
 * @property {string} path of its `base_url` at the server
 * @property {keyof typeof import('./peers.js').SDKS} sdk the provider's own package; `openai` where it has none and is OpenAI-shaped
 * @property {keyof typeof import('./peers.js').VERCEL} vercel its package for the Vercel AI SDK, likewise
 * @property {string} [model] one that the adapter takes for a plain one
 */

/** @type {Adapter[]} */
const ADAPTERS = [
  {id: 'claude', path: '', sdk: '@anthropic-ai/sdk', vercel: '@ai-sdk/anthropic', model: 'claude-haiku-4-5'},
  {id: 'deepseek', path: '/v1', sdk: 'openai', vercel: '@ai-sdk/openai-compatible'},
  {id: 'gemini', path: '/v1beta', sdk: '@google/genai', vercel: '@ai-sdk/google', model: 'gemini-2.5-flash'},
  {id: 'grok', path: '/v1', sdk: 'openai', vercel: '@ai-sdk/openai-compatible'},
  {id: 'groq', path: '/openai/v1', sdk: 'groq-sdk', vercel: '@ai-sdk/groq'},
  {id: 'huggingface', path: '/v1', sdk: 'openai', vercel: '@ai-sdk/openai-compatible'},
  {id: 'mistral', path: '/v1', sdk: '@mistralai/mistralai', vercel: '@ai-sdk/mistral'},
  {id: 'nvidia', path: '/v1', sdk: 'openai', vercel: '@ai-sdk/openai-compatible'},
  // Vercel has no package for Ollama's own protocol: its users ask the OpenAI-shaped one that Ollama serves too.
  {id: 'ollama', path: '', sdk: 'ollama', vercel: '@ai-sdk/openai-compatible'},
  {id: 'openai', path: '/v1', sdk: 'openai', vercel: '@ai-sdk/openai-compatible'},
  {id: 'openrouter', path: '/v1', sdk: 'openai', vercel: '@ai-sdk/openai-compatible'},
  {id: 'qwen', path: '/v1', sdk: 'openai', vercel: '@ai-sdk/openai-compatible'},
]
/** Runs models in Helix's own process. */
const WITHOUT_SERVER = ['llamacpp']

const PLUGINS = new URL('../src/plugins/', import.meta.url)

/** The adapters that are there. Says which are not, and throws where one has no entry. */
export function findAdapters() {
  const missing = ADAPTERS.filter(({id}) => !existsSync(new URL(`${id}/plugin.ts`, PLUGINS))).map(({id}) => id)
  if (missing.length > 0) console.log(`Not measured, because they are not there: ${missing.join(', ')}.`)
  const known = [...ADAPTERS.map(({id}) => id), ...WITHOUT_SERVER]
  const forgotten = readdirSync(PLUGINS).filter((id) => !known.includes(id))
  if (forgotten.length > 0) throw new Error(`bench/adapters.js has no entry for ${forgotten.join(', ')}`)
  return ADAPTERS.filter(({id}) => !missing.includes(id))
}

/** @param {string} id */
export function findAdapter(id) {
  const adapter = ADAPTERS.find((one) => one.id === id)
  if (!adapter) throw new Error(`bench/adapters.js has no entry for ${id}`)
  return adapter
}

/** @param {Adapter} adapter */
export function modelOf({model = 'model'}) {
  return model
}

/**
 * @param {Adapter} adapter
 * @param {string} origin of the server
 * @param {typeof fetch} fetch
 * @returns {Promise<import('../src/core/providers/provider.ts').LLMProvider>}
 */
export async function openAdapter({id, path}, origin, fetch) {
  const {default: plugin} = await import(new URL(`${id}/plugin.ts`, PLUGINS).href)
  const {open} = await plugin()
  return open({
    id,
    settings: {base_url: origin + path},
    apiKey: undefined,
    fetch,
    clock: {now: Date.now, sleep: (/** @type {number} */ milliseconds, /** @type {AbortSignal} */ signal) => delay(milliseconds, undefined, {signal})},
    timeouts: {connect: 10, firstToken: 60, idle: 60, total: 600},
    retries: 0,
    packageFolder: '',
  })
}

/**
 * Reads an answer to its end.
 * @param {import('../src/core/providers/provider.ts').LLMProvider} provider
 * @param {string} model
 * @returns the length of its text
 */
export async function readAdapter(provider, model) {
  let length = 0
  for await (const event of provider.stream({model, messages: [{role: 'user', content: 'go'}]})) {
    if (event.type === 'error') throw event.error
    if (event.type === 'text') length += event.text.length
  }
  return length
}

/**
 * Starts a server that answers in so many pieces. A process of its own: what sending costs is not measured.
 * @param {number} pieces
 */
export async function startChunkServer(pieces) {
  const server = spawn(process.execPath, [fileURLToPath(new URL('./chunk-server.js', import.meta.url)), String(pieces)], {stdio: ['pipe', 'pipe', 'inherit']})
  const origin = String((await once(server.stdout, 'data'))[0]).trim()
  return {origin, stop: () => server.kill()}
}
