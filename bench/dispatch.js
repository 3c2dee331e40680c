// How many commands that do nothing reach workers in a second, beside GNU parallel and plain ssh on the very same servers.
// @ts-check
import {execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {sshdAvailable} from '../test/fixtures/sshd.js'
import {startPool} from '../test/fixtures/worker-pool.js'
import {line, measureRounds, median, show} from './rounds.js'

const SERVERS = 4
const SLOTS = 4
const ROUNDS = 3
// Each of them for some ten seconds a round at most, as far as they were seen to go.
const HELIX_TASKS = 600
const PARALLEL_TASKS = 50
const SSH_TASKS = 12

export async function measure() {
  const missing = sshdAvailable()
  if (missing !== undefined) return console.log(`not measured: ${missing}`)
  const pool = await startPool({size: SERVERS, slots: SLOTS, env: {HELIX_WORKERS__MAX_CONCURRENT_TASKS: '100'}})
  const scratch = mkdtempSync(join(tmpdir(), 'helix-bench-'))
  try {
    const logins = pool.servers.map((server) => sshWords(server))
    console.log(
      [
        `${SERVERS} sshd on 127.0.0.1, ${SLOTS} tasks at once on each, login shell dash, wall clock of the whole command, ${ROUNDS} rounds.`,
        `helix task map: ${HELIX_TASKS} × true, every result stored in SQLite. parallel: ${PARALLEL_TASKS} × true, one ssh each. ssh: ${SSH_TASKS} × true, one after the other.\n`,
      ].join('\n'),
    )
    /** @type {Record<string, () => Promise<number>>} */
    const peers = {
      'helix task map': async () => {
        const {code, stderr, seconds} = await timed(() => pool.home.run(['task', 'map', '--', 'true'], {input: numbers(HELIX_TASKS)}))
        if (code !== 0) throw new Error(`helix task map exited with ${code}: ${stderr}`)
        return HELIX_TASKS / seconds
      },
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
    const helix = median(figures['helix task map'] ?? [])
    for (const [name, values] of Object.entries(figures)) {
      if (name !== 'helix task map') line(`helix task map / ${name}`, `${(helix / median(values)).toFixed(1)} ×`)
    }
    if (!parallel) line('GNU parallel', 'not measured: it is not here (apt-get install parallel)')
  } finally {
    rmSync(scratch, {force: true, recursive: true})
    await pool.close()
  }
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
