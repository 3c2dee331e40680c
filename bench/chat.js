// From a command line to a model: when its request is on the wire.
// @ts-check
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {rmSync} from 'node:fs'
import {createServer} from 'node:http'
import {fileURLToPath} from 'node:url'
import {makeHelixHome} from '../test/fixtures/helix.js'
import {line, measureRounds, median, show} from './rounds.js'

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const ROUNDS = 25

export async function measure() {
  const home = makeHelixHome()
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const port = /** @type {import('node:net').AddressInfo} */ (server.address()).port
  const env = {...home.env, HELIX_PROVIDERS__OPENAI__BASE_URL: `http://127.0.0.1:${port}/v1`, HELIX_PROVIDERS__OLLAMA__BASE_URL: `http://127.0.0.1:${port}`}
  const ask = (/** @type {string} */ model) => timeToRequest(server, [BIN, 'chat', '-m', model, '-p', 'hello'], env)
  try {
    console.log(`${ROUNDS} rounds, caches warm: from the start of the process to the arrival of its request at a server on this machine.\n`)
    const figures = await measureRounds(
      {
        'node -e 0 (to its end)': () => timeToEnd(['-e', '0'], env),
        'node -e "fetch(…)"': () => timeToRequest(server, ['-e', `fetch('http://127.0.0.1:${port}/', {method: 'POST', body: '{}'}).catch(() => {})`], env),
        'helix chat -m openai/…': () => ask('openai/model'),
        'helix chat -m ollama/…': () => ask('ollama/model'),
      },
      ROUNDS,
    )
    for (const [name, values] of Object.entries(figures)) line(name, show(values, 'ms'))
    const [node = [], ...others] = Object.entries(figures).map(([, values]) => values)
    for (const [index, name] of Object.keys(figures).slice(1).entries()) {
      line(`${name} / node -e 0`, `${(median(others[index] ?? []) / median(node)).toFixed(2)} ×`)
    }
  } finally {
    server.close()
    rmSync(home.root, {force: true, recursive: true})
  }
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function timeToEnd(args, env) {
  const started = performance.now()
  await once(spawn(process.execPath, args, {env, stdio: 'ignore'}), 'close')
  return performance.now() - started
}

/**
 * @param {import('node:http').Server} server
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function timeToRequest(server, args, env) {
  const arrived = once(server, 'request')
  const started = performance.now()
  const child = spawn(process.execPath, args, {env, stdio: 'ignore'})
  const ended = once(child, 'close')
  const first = await Promise.race([arrived, ended.then(() => undefined)])
  if (!first) throw new Error(`${args.join(' ')} ended without a request`)
  const elapsed = performance.now() - started
  const [, response] = first
  // Refused for good, so that the process ends as it does after an error; it is not measured.
  response.writeHead(400, {'content-type': 'application/json'}).end('{"error":"measured"}')
  await ended
  return elapsed
}
