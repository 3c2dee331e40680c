// What each piece of a streamed answer costs: Helix's adapter beside the package that it uses, and beside the Vercel AI SDK.
// @ts-check
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {setTimeout as delay} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {createOpenAICompatible} from '@ai-sdk/openai-compatible'
import {streamText} from 'ai'
import OpenAI from 'openai'
import {openFetch} from '../src/core/providers/open-fetch.js'
import plugin from '../src/plugins/openai/plugin.js'
import {line, measureRounds, median, show} from './rounds.js'

const CHUNKS = 10_000
const ROUNDS = 15

export async function measureChunks() {
  // A process of its own: what sending costs is not measured.
  const server = spawn(process.execPath, [fileURLToPath(new URL('./chunk-server.js', import.meta.url)), String(CHUNKS)], {stdio: ['pipe', 'pipe', 'inherit']})
  const baseURL = String((await once(server.stdout, 'data'))[0]).trim()
  const connection = await openFetch(10)
  try {
    console.log(`${ROUNDS} rounds: one answer of ${CHUNKS.toLocaleString('en')} pieces from a server in another process, read to its end in this one.\n`)
    const helix = await openHelix(baseURL, connection.fetch)
    const sdk = new OpenAI({apiKey: 'none', baseURL, maxRetries: 0})
    const vercel = createOpenAICompatible({name: 'local', baseURL, apiKey: 'none', includeUsage: true}).chatModel('model')
    const figures = await measureRounds(
      {
        'bare SDK (openai)': () => timed(() => readSdk(sdk)),
        'Helix, adapter openai': () => timed(() => readHelix(helix)),
        'Vercel AI SDK (ai, openai-compatible)': () => timed(() => readVercel(vercel)),
      },
      ROUNDS,
    )
    for (const [name, values] of Object.entries(figures)) line(name, show(values, 'ms'))
    const [bare = 0, ours = 0, theirs = 0] = Object.values(figures).map(median)
    line('Helix / bare SDK', `${(ours / bare).toFixed(2)} ×`)
    line('Vercel AI SDK / bare SDK', `${(theirs / bare).toFixed(2)} ×`)
    await helix.close()
  } finally {
    await connection.close()
    server.kill()
  }
}

/**
 * @param {string} baseURL
 * @param {typeof fetch} fetch
 */
async function openHelix(baseURL, fetch) {
  const {open} = await plugin()
  return open({
    id: 'openai',
    settings: {base_url: baseURL},
    apiKey: undefined,
    fetch,
    clock: {now: Date.now, sleep: (milliseconds, signal) => delay(milliseconds, undefined, {signal})},
    timeouts: {connect: 10, firstToken: 60, idle: 60, total: 600},
    retries: 0,
    packageFolder: '',
  })
}

/** @param {() => Promise<number>} read resolves to the length of the answer */
async function timed(read) {
  const started = performance.now()
  const length = await read()
  const elapsed = performance.now() - started
  if (length !== CHUNKS * ' word'.length) throw new Error(`the answer has ${length} characters`)
  return elapsed
}

/** @param {OpenAI} client */
async function readSdk(client) {
  let length = 0
  const stream = await client.chat.completions.create({
    model: 'model',
    messages: [{role: 'user', content: 'go'}],
    stream: true,
    stream_options: {include_usage: true},
  })
  for await (const chunk of stream) length += chunk.choices[0]?.delta.content?.length ?? 0
  return length
}

/** @param {import('../src/core/providers/provider.ts').LLMProvider} provider */
async function readHelix(provider) {
  let length = 0
  for await (const event of provider.stream({model: 'model', messages: [{role: 'user', content: 'go'}]})) {
    if (event.type === 'error') throw event.error
    if (event.type === 'text') length += event.text.length
  }
  return length
}

/** @param {import('ai').LanguageModel} model */
async function readVercel(model) {
  let length = 0
  for await (const text of streamText({model, prompt: 'go', maxRetries: 0}).textStream) length += text.length
  return length
}
