// How long a command takes that does next to nothing, beside Node itself.
// @ts-check
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {rmSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {makeHelixHome} from '../test/fixtures/helix.js'
import {line, measureRounds, median, show, verdict} from './rounds.js'

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const ROUNDS = 25
const TASKS = 10

export async function measure() {
  const home = makeHelixHome()
  try {
    await home.run(['task', 'map', '--', 'true'], {input: 'task\n'.repeat(TASKS)})
    console.log(`${ROUNDS} rounds, output to a pipe, caches warm; the list is of ${TASKS} tasks in SQLite.\n`)
    const figures = await measureRounds(
      {
        'node -e 0': () => time(['-e', '0'], home.env),
        'helix --version': () => time([BIN, '--version'], home.env),
        'helix task list': () => time([BIN, 'task', 'list'], home.env),
        'helix task list, nothing cached': () => time([BIN, 'task', 'list'], {...home.env, HELIX_CACHE_DIR: '/dev/null'}),
      },
      ROUNDS,
    )
    for (const [name, values] of Object.entries(figures)) line(name, show(values, 'ms'))
    const node = median(figures['node -e 0'] ?? [])
    line('helix --version / node -e 0', verdict(median(figures['helix --version'] ?? []) / node, {most: 1.5}))
    line('helix task list / node -e 0', verdict(median(figures['helix task list'] ?? []) / node, {most: 4}))
  } finally {
    rmSync(home.root, {force: true, recursive: true})
  }
}

/**
 * Milliseconds from the start of a Node process to its end.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export async function time(args, env) {
  const started = performance.now()
  const child = spawn(process.execPath, args, {env, stdio: ['ignore', 'pipe', 'inherit']})
  child.stdout.resume()
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${args.join(' ')} exited with ${code}`)
  return performance.now() - started
}
