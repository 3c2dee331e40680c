// How many commands that do nothing reach workers in a second, beside GNU parallel and plain ssh on the very same servers.
// @ts-check
import {execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {sshdAvailable} from '../test/fixtures/sshd.js'
import {startPool} from '../test/fixtures/worker-pool.js'
import {installAgent} from '../test/fixtures/worker-shell.js'
import {line, measureRounds, median, show, verdict} from './rounds.js'

const SERVERS = 4
const SLOTS = 4
const ROUNDS = 3
const HELIX_TASKS = 2000
// Tasks a second, on a machine with 2 cores.
const WANTED = {shell: 150, own: 500}
// The others for some ten seconds a round at most, as far as they were seen to go.
const PARALLEL_TASKS = 50
const SSH_TASKS = 12

export async function measure() {
  const missing = sshdAvailable()
  if (missing !== undefined) return console.log(`not measured: ${missing}`)
  const scratch = mkdtempSync(join(tmpdir(), 'helix-bench-'))
  const bare = join(scratch, 'bin')
  linkPrograms(bare, /^(perl|node|npm|helix)/)
  const pool = await openPool([`SetEnv PATH=${bare}`])
  const owned = await openPool([])
  /** @type {Record<string, import('../test/fixtures/worker-pool.js').WorkerPool>} */
  const pools = {'helix, bare POSIX shell': pool, 'helix, perl': await openPool([]), "helix, the worker's own copy": owned}
  for (const {home} of owned.servers) {
    installAgent(join(home, '.local', 'share', 'helix'))
    const {uid, gid} = statSync(home)
    execFileSync('chown', ['-R', `${uid}:${gid}`, join(home, '.local')])
  }
  try {
    const logins = owned.servers.map((server) => sshWords(server))
    console.log(
      [
        `${SERVERS} sshd on 127.0.0.1, ${SLOTS} tasks at once on each, login shell dash, wall clock of the whole command, ${ROUNDS} rounds.`,
        `helix task map: ${HELIX_TASKS} × true, every result stored in SQLite; once for each program that starts tasks on a worker. parallel: ${PARALLEL_TASKS} × true, one ssh each. ssh: ${SSH_TASKS} × true, one after the other.\n`,
      ].join('\n'),
    )
    /** @type {Record<string, () => Promise<number>>} */
    const peers = {}
    for (const [name, {home}] of Object.entries(pools)) {
      peers[name] = async () => {
        const {code, stderr, seconds} = await timed(() => home.run(['task', 'map', '--', 'true'], {input: numbers(HELIX_TASKS)}))
        if (code !== 0) throw new Error(`helix task map exited with ${code}: ${stderr}`)
        return HELIX_TASKS / seconds
      }
    }
    const parallel = parallelVersion()
    if (parallel) {
      const loginFile = join(scratch, 'logins')
      writeFileSync(loginFile, logins.map((words) => `${SLOTS}/ssh ${words.join(' ')}\n`).join(''))
      mkdirSync(join(scratch, '.parallel'))
      writeFileSync(join(scratch, '.parallel', 'will-cite'), '')
      peers[parallel] = async () => PARALLEL_TASKS / (await runParallel(loginFile, scratch))
    }
    peers['ssh, one after the other'] = async () => SSH_TASKS / (await runSsh(logins))
    const figures = await measureRounds(peers, ROUNDS)
    for (const [name, values] of Object.entries(figures)) line(name, show(values, 'tasks/s'))
    const of = (/** @type {string} */ name) => median(figures[name] ?? [])
    for (const [name, wanted] of /** @type {const} */ ([
      ['helix, bare POSIX shell', WANTED.shell],
      ["helix, the worker's own copy", WANTED.own],
    ]))
      line(`${name} / ${wanted} tasks/s`, verdict(of(name) / wanted, {least: 1}))
    for (const name of Object.keys(figures).filter((other) => !(other in pools)))
      line(`helix, bare POSIX shell / ${name}`, `${(of('helix, bare POSIX shell') / of(name)).toFixed(1)} ×`)
    if (!parallel) line('GNU parallel', 'not measured: it is not here (apt-get install parallel)')
  } finally {
    await Promise.all(Object.values(pools).map((one) => one.close()))
    rmSync(scratch, {force: true, recursive: true})
  }
}

/** @param {string[]} config */
function openPool(config) {
  return startPool({size: SERVERS, slots: SLOTS, sshd: {config}, env: {HELIX_WORKERS__MAX_CONCURRENT_TASKS: '100'}})
}

/**
 * A folder of the programs that this machine has, but for some.
 * @param {string} folder
 * @param {RegExp} without
 */
function linkPrograms(folder, without) {
  mkdirSync(folder)
  chmodSync(dirname(folder), 0o755)
  const programs = new Map(['/bin', '/usr/bin'].flatMap((from) => readdirSync(from).map((name) => [name, join(from, name)])))
  for (const [name, path] of programs) if (!without.test(name)) symlinkSync(path, join(folder, name))
}

/** @param {import('../test/fixtures/sshd.js').Sshd} server */
function sshWords(server) {
  const options = [`UserKnownHostsFile=${server.knownHostsPath}`, 'BatchMode=yes', 'StrictHostKeyChecking=yes'].flatMap((option) => ['-o', option])
  return ['-F', 'none', ...options, '-i', server.keyPath, '-p', String(server.port), `${server.username}@${server.host}`]
}

function parallelVersion() {
  try {
    const [first = ''] = execFileSync('parallel', ['--version'], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']}).split('\n')
    return first.startsWith('GNU parallel') ? first : undefined
  } catch {
    return undefined
  }
}

/**
 * @param {string} loginFile
 * @param {string} home
 */
async function runParallel(loginFile, home) {
  const args = ['--will-cite', '--sshloginfile', loginFile, 'true']
  const {code, seconds} = await timed(async () => {
    const child = spawn('parallel', args, {env: {...process.env, HOME: home}, stdio: ['pipe', 'ignore', 'inherit']})
    child.stdin.end(numbers(PARALLEL_TASKS))
    const [exitCode] = await once(child, 'close')
    return {code: exitCode}
  })
  if (code !== 0) throw new Error(`parallel exited with ${code}`)
  return seconds
}

/** @param {string[][]} logins */
async function runSsh(logins) {
  const {seconds} = await timed(async () => {
    for (let number = 0; number < SSH_TASKS; number += 1) {
      const child = spawn('ssh', [...(logins[number % logins.length] ?? []), 'true'], {stdio: ['ignore', 'ignore', 'inherit']})
      const [code] = await once(child, 'close')
      if (code !== 0) throw new Error(`ssh exited with ${code}`)
    }
    return {}
  })
  return seconds
}

/**
 * @template {object} T
 * @param {() => Promise<T>} work
 */
async function timed(work) {
  const started = performance.now()
  const result = await work()
  return {...result, seconds: (performance.now() - started) / 1000}
}

/** @param {number} count */
function numbers(count) {
  return Array.from({length: count}, (_, index) => `${index + 1}\n`).join('')
}
