// Whether memory grows with the number of requests: one adapter of each protocol, asked a thousand times.
// @ts-check
import {execFile} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import {promisify} from 'node:util'
import {findAdapters, startChunkServer} from './adapters.js'
import {line, median, verdict} from './rounds.js'

const PROCESS = fileURLToPath(new URL('./memory-process.js', import.meta.url))
const REQUESTS = [200, 1000]
const CHUNKS = 100
const ROUNDS = 3
const KEPT_ONLY = ['--expose-gc', '--no-opt', '--no-maglev', '--no-sparkplug']
/** Chat completions with two packages, and the protocols of three services. */
const IDS = ['openai', 'groq', 'claude', 'gemini', 'ollama']

export async function measureMemory() {
  const {origin, stop} = await startChunkServer(CHUNKS)
  try {
    console.log(`Median of ${ROUNDS} processes: resident memory after ${REQUESTS.join(' and ')} answers of ${CHUNKS} pieces, one adapter of each protocol.`)
    console.log(
      [
        "First with all garbage collected before each figure and without V8's optimizing compilers, so that what grows is what is kept: the compilers take 10 to 40 MB of their own, once, for the",
        'code that is run most. Then as V8 leaves it, beside the bare SDK.\n',
      ].join('\n'),
    )
    for (const {id, sdk} of findAdapters().filter(({id}) => IDS.includes(id))) {
      const kept = await measureProcess(KEPT_ONLY, ['adapter', id, origin])
      line(`adapter ${id}, what is kept`, `${show(kept)}: ${verdict((kept[1] ?? 0) / (kept[0] ?? 0), {most: 1.1})}`)
      line(`adapter ${id}`, show(await measureProcess([], ['adapter', id, origin])))
      line(`bare SDK (${sdk})`, show(await measureProcess([], ['sdk', id, origin])))
    }
  } finally {
    stop()
  }
}

/**
 * @param {string[]} flags of Node
 * @param {string[]} args
 * @returns bytes after each number of requests
 */
async function measureProcess(flags, args) {
  /** @type {number[][]} */
  const runs = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const {stdout} = await promisify(execFile)(process.execPath, ['--no-warnings', ...flags, PROCESS, ...args, ...REQUESTS.map(String)])
    runs.push(stdout.trim().split('\n').map(Number))
  }
  return REQUESTS.map((_, at) => median(runs.map((run) => run[at] ?? 0)))
}

/** @param {number[]} sizes in bytes */
function show(sizes) {
  return sizes.map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`).join(', then ')
}
