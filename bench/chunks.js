// What each piece of a streamed answer costs: each adapter beside the provider's own package, and beside the Vercel AI SDK.
// @ts-check
import {openFetch} from '../src/core/providers/open-fetch.js'
import {findAdapters, modelOf, openAdapter, readAdapter, startChunkServer} from './adapters.js'
import {SDKS, VERCEL} from './peers.js'
import {line, measureRounds, median, show, verdict} from './rounds.js'

const CHUNKS = 10_000
const ROUNDS = 15

export async function measureChunks() {
  const {origin, stop} = await startChunkServer(CHUNKS)
  const connection = await openFetch(10)
  try {
    console.log(`${ROUNDS} rounds: one answer of ${CHUNKS.toLocaleString('en')} pieces from a server in another process, read to its end in this one.`)
    for (const adapter of findAdapters()) await measureAdapter(adapter, origin, connection.fetch)
  } finally {
    await connection.close()
    stop()
  }
}

/**
 * @param {import('./adapters.js').Adapter} adapter
 * @param {string} origin
 * @param {typeof fetch} fetch
 */
async function measureAdapter(adapter, origin, fetch) {
  const model = modelOf(adapter)
  const helix = await openAdapter(adapter, origin, fetch)
  const sdk = SDKS[adapter.sdk](origin, model)
  const vercel = VERCEL[adapter.vercel](origin, model)
  const figures = await measureRounds(
    {
      [`bare SDK (${adapter.sdk})`]: () => timed(sdk),
      [`Helix, adapter ${adapter.id}`]: () => timed(() => readAdapter(helix, model)),
      [`Vercel AI SDK (${adapter.vercel})`]: () => timed(vercel),
    },
    ROUNDS,
  )
  console.log('')
  for (const [name, values] of Object.entries(figures)) line(name, show(values, 'ms'))
  const [bare = 0, ours = 0, theirs = 0] = Object.values(figures).map(median)
  line(`${adapter.id} / bare SDK`, verdict(ours / bare, {most: 1.3}))
  line(`${adapter.id} / Vercel AI SDK`, verdict(ours / theirs, {most: 1}))
  await helix.close()
}

/** @param {() => Promise<number>} read resolves to the length of the answer */
async function timed(read) {
  const started = performance.now()
  const length = await read()
  const elapsed = performance.now() - started
  if (length !== CHUNKS * ' word'.length) throw new Error(`the answer has ${length} characters`)
  return elapsed
}
