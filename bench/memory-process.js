// Asks again and again, and prints the memory of its process after each number of requests: `node memory-process.js adapter|sdk ID ORIGIN NUMBER…`.
// @ts-check
import '../test/fixtures/typescript-hooks.js'

const {findAdapter, modelOf, openAdapter, readAdapter} = await import('./adapters.js')
const [kind, id = '', origin = '', ...numbers] = process.argv.slice(2)
const adapter = findAdapter(id)
const read = kind === 'sdk' ? (await import('./peers.js')).SDKS[adapter.sdk](origin, modelOf(adapter)) : await openReader()
let asked = 0
for (const number of numbers.map(Number)) {
  for (; asked < number; asked += 1) await read()
  // What V8 only keeps because nobody else wants it is no growth.
  globalThis.gc?.({type: 'major', execution: 'sync', flavor: 'last-resort'})
  console.log(process.memoryUsage.rss())
}
process.exit()

async function openReader() {
  const {openFetch} = await import('../src/core/providers/open-fetch.js')
  const connection = await openFetch(10)
  const provider = await openAdapter(adapter, origin, connection.fetch)
  return () => readAdapter(provider, modelOf(adapter))
}
