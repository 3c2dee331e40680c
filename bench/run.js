// `npm run bench [-- PART...]`: measures Helix beside what it competes with, in the same run. Parts: start-up, dispatch, queue, placement, rest, chat, providers, copy.
// @ts-check
import {execFileSync} from 'node:child_process'
import {cpus, release, totalmem} from 'node:os'
import {fileURLToPath} from 'node:url'
import '../test/fixtures/typescript-hooks.js'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
execFileSync(process.execPath, ['scripts/build.js'], {stdio: 'inherit'})

/** @type {Record<string, () => Promise<{measure: () => Promise<void>}>>} */
const PARTS = {
  'start-up': () => import('./start-up.js'),
  dispatch: () => import('./dispatch.js'),
  queue: () => import('./queue.js'),
  placement: () => import('./placement.js'),
  rest: () => import('./rest.js'),
  chat: () => import('./chat.js'),
  providers: () => import('./providers.js'),
  copy: () => import('./copy.js'),
}
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(PARTS, name))
if (unknown.length > 0) {
  console.error(`${unknown.join(', ')}: there is no such part; there are ${Object.keys(PARTS).join(', ')}`)
  process.exit(2)
}

console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GiB, ${process.platform} ${release()}`,
)
console.log('Median of all rounds, and in brackets the quickest and the slowest. Rounds are interleaved: each peer runs once in each round.')

// The tests' guard ends the servers of this run, whatever becomes of it.
const {default: openRunFolder} = await import('../test/fixtures/jest-setup.js')
const {default: closeRunFolder} = await import('../test/fixtures/jest-teardown.js')
openRunFolder()
// The servers of the fixtures do not keep Node alive, and whoever waits for one to end must not be taken for done.
const alive = setInterval(() => {}, 60_000)
try {
  for (const [name, load] of Object.entries(PARTS)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    const {measure} = await load()
    console.log(`\n## ${name}\n`)
    await measure()
  }
} finally {
  clearInterval(alive)
  await closeRunFolder()
}
