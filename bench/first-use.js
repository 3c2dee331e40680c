// What an adapter costs when it is used for the first time: from its opening to its first request.
// @ts-check
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {rmSync} from 'node:fs'
import {createServer} from 'node:http'
import {text} from 'node:stream/consumers'
import {fileURLToPath} from 'node:url'
import {makeHelixHome} from '../test/fixtures/helix.js'
import {findAdapters, modelOf} from './adapters.js'
import {line, measureRounds, median, show} from './rounds.js'

const PROCESS = fileURLToPath(new URL('./first-use-process.js', import.meta.url))
const ROUNDS = 15
const MOST_MS = 60

export async function measureFirstUse() {
  const home = makeHelixHome()
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const origin = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
  const fetching = `process.stderr.write('begun ' + process.hrtime.bigint() + '\\n'); fetch('${origin}', {method: 'POST', body: '{}'})`
  try {
    console.log(`${ROUNDS} rounds, each in a new process, caches warm: from the moment that \`helix provider test\` opens the adapter to the arrival of its`)
    console.log('request at a server on this machine, less what node -e "fetch(…)" takes from its call to that.\n')
    const adapters = findAdapters().map((adapter) => {
      const env = {...home.env, [`HELIX_PROVIDERS__${adapter.id.toUpperCase()}__BASE_URL`]: origin + adapter.path}
      return [`adapter ${adapter.id}`, () => timeToRequest(server, [PROCESS, adapter.id, modelOf(adapter)], env)]
    })
    const figures = await measureRounds(
      {'node -e "fetch(…)"': () => timeToRequest(server, ['-e', fetching], home.env), ...Object.fromEntries(adapters)},
      ROUNDS,
    )
    const [bare = [], ...others] = Object.values(figures)
    for (const [name, values] of Object.entries(figures)) line(name, show(values, 'ms'))
    for (const [index, values] of others.entries()) {
      const beyond = median(values) - median(bare)
      line(`${adapters[index]?.[0]}, beyond fetch`, `${beyond.toFixed(1)} ms, to be under ${MOST_MS} ms: ${beyond < MOST_MS ? 'reached' : 'MISSED'}`)
    }
  } finally {
    server.close()
    rmSync(home.root, {force: true, recursive: true})
  }
}

/**
 * @param {import('node:http').Server} server
 * @param {string[]} args of a process that says on stderr when it begins, by the clock that all processes have in common
 * @param {NodeJS.ProcessEnv} env
 */
async function timeToRequest(server, args, env) {
  /** @type {bigint | undefined} */
  let arrived
  server.once('request', (_, response) => {
    arrived = process.hrtime.bigint()
    // Refused for good, so that the process ends as it does after an error; it is not measured.
    response.writeHead(400, {'content-type': 'application/json', connection: 'close'}).end('{"error": {"message": "measured"}}')
  })
  const child = spawn(process.execPath, args, {env, stdio: ['ignore', 'ignore', 'pipe']})
  const said = await text(child.stderr)
  const begun = /^begun (\d+)$/m.exec(said)?.[1]
  if (!begun || !arrived) throw new Error(`${args.join(' ')} ended without a request: ${said}`)
  return Number(arrived - BigInt(begun)) / 1e6
}
