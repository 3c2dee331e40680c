// How many tasks that do nothing a queue hands out and takes back in a second, by processes of their own as coordinators are.
// @ts-check
import {spawn} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import pg from 'pg'
import {postgresServerMissing} from '../test/fixtures/postgres-programs.js'
import {PostgresServer} from '../test/fixtures/postgres-server.js'
import {newTasks, openTestStore, TestQueue} from '../test/fixtures/queue.js'
import {PEERS} from './queue-peers.js'
import {line, measureRounds, median, show, verdict} from './rounds.js'

const ROUNDS = 5
const SECONDS = 2
const PROCESSES = 4
const BATCH = 500
// Tasks that each process has in hand where it takes them one by one.
const HANDS = 10
const WORKERS = 100
const SQLITE_AT_LEAST = 10_000
const PROCESS = fileURLToPath(new URL('queue-process.js', import.meta.url))
const HOOKS = fileURLToPath(new URL('../test/fixtures/typescript-hooks.js', import.meta.url))

/** More tasks than are ended in a round. */
const ONE_BY_ONE = {batch: 1, inHand: HANDS, count: 40_000}
const IN_BATCHES = {batch: BATCH, inHand: 2, count: 200_000}

export async function measure() {
  const missing = postgresServerMissing()
  const server = missing === undefined ? await PostgresServer.create({fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on'}) : undefined
  console.log(
    [
      `Tasks handed out and ended in a second, durably, by ${PROCESSES} processes; ${ROUNDS} rounds of ${SECONDS} s in stores of their own. Helix places them on ${WORKERS} workers, and keeps task, attempt and result.`,
      `"one by one": each process has ${HANDS} tasks in hand, of which each is replaced when it has ended. Helix's coordinator claims for all free hands at once, and stores the ends that have`,
      'come in at once. "each by itself" is the same with statements of its own for each task. graphile-worker: its defaults, which delete a job that has ended. pg-boss: fetch and complete.',
      `"in batches": ${BATCH} at a time, twice at once. graphile-worker: 24 jobs at once, localQueue of ${BATCH}, completeJobBatchDelay 0.`,
      'PostgreSQL: on this machine, fsync, full_page_writes and synchronous_commit on. SQLite: WAL, synchronous=NORMAL, as is the default.\n',
    ].join('\n'),
  )
  try {
    /** @type {Record<string, () => Promise<number>>} */
    const peers = {
      'SQLite, Helix, one by one': () => withSqlite((url) => drain('helix', url, ONE_BY_ONE)),
      'SQLite, Helix, in batches': () => withSqlite((url) => drain('helix', url, IN_BATCHES)),
    }
    if (server) {
      for (const name of ['Helix', ...Object.keys(PEERS)]) {
        peers[`PostgreSQL, ${name}, one by one`] = () => withPostgres(server, (url) => drain(name.toLowerCase(), url, ONE_BY_ONE))
        peers[`PostgreSQL, ${name}, in batches`] = () => withPostgres(server, (url) => drain(name.toLowerCase(), url, IN_BATCHES))
      }
      peers['PostgreSQL, Helix, each by itself'] = () => withPostgres(server, (url) => drain('alone', url, ONE_BY_ONE))
    }
    const figures = await measureRounds(peers, ROUNDS)
    for (const name of Object.keys(figures).sort()) line(name, show(figures[name] ?? [], 'tasks/s'))
    if (missing !== undefined) line('PostgreSQL', `not measured: ${missing}`)
    else for (const how of ['one by one', 'in batches']) for (const name of Object.keys(PEERS)) compare(figures, how, name)
    const batched = median(figures['SQLite, Helix, in batches'] ?? [])
    line(`SQLite, of ${SQLITE_AT_LEAST} tasks/s in batches`, verdict(batched / SQLITE_AT_LEAST, {least: 1}))
  } finally {
    await server?.remove()
  }
}

/**
 * @param {Record<string, number[]>} figures
 * @param {string} how
 * @param {string} peer
 */
function compare(figures, how, peer) {
  const ratio = median(figures[`PostgreSQL, Helix, ${how}`] ?? []) / median(figures[`PostgreSQL, ${peer}, ${how}`] ?? [])
  line(`Helix beside ${peer}, ${how}`, verdict(ratio, {least: 1}))
}

/**
 * Fills a queue and lets processes empty it. Resolves to tasks per second.
 * @param {string} name of a peer, or of a way of Helix
 * @param {string} url
 * @param {import('./queue-peers.js').Mode & {count: number}} mode
 */
async function drain(name, url, {batch, inHand, count}) {
  await (PEERS[name]?.fill ?? fillHelix)(url, count)
  if (url.startsWith('postgres')) await settle(url)
  const args = [name, String(batch), String(inHand), String(SECONDS)]
  const processes = await Promise.all(Array.from({length: PROCESSES}, () => startProcess(url, args)))
  const results = await Promise.all(processes.map((process) => process.go()))
  return results.reduce((sum, result) => sum + (result.count / result.milliseconds) * 1000, 0)
}

/**
 * Has PostgreSQL do at once what it would do about the filling while the queue is being emptied.
 * @param {string} url
 */
async function settle(url) {
  const client = new pg.Client({connectionString: url})
  await client.connect()
  try {
    await client.query('VACUUM ANALYZE')
    await client.query('CHECKPOINT')
  } finally {
    await client.end()
  }
}

/**
 * @param {string} url
 * @param {number} count
 */
async function fillHelix(url, count) {
  const queue = new TestQueue(await openTestStore(url))
  try {
    for (let number = 1; number <= WORKERS; number += 1) await queue.addWorker(`w${number}`, {slots: 1000})
    for (let left = count; left > 0; left -= 1000) await queue.submit(newTasks(1000))
  } finally {
    await queue.store.close()
  }
}

/**
 * @param {string} url
 * @param {readonly string[]} args
 */
async function startProcess(url, args) {
  const child = spawn(process.execPath, ['--no-warnings', '--import', HOOKS, PROCESS, url, ...args], {stdio: ['pipe', 'pipe', 'inherit']})
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]()
  const next = async () => {
    const {value, done} = await lines.next()
    if (done) throw new Error('a process of the queue ended too early')
    return value
  }
  await next()
  return {
    /** @returns {Promise<{count: number, milliseconds: number}>} */
    go: async () => {
      child.stdin.end('go\n')
      return JSON.parse(await next())
    },
  }
}

/** @param {(url: string) => Promise<number>} work */
async function withSqlite(work) {
  const folder = mkdtempSync(join(tmpdir(), 'helix-bench-'))
  try {
    return await work(`sqlite:${join(folder, 'helix.db')}`)
  } finally {
    rmSync(folder, {force: true, recursive: true})
  }
}

/**
 * @param {PostgresServer} server
 * @param {(url: string) => Promise<number>} work
 */
async function withPostgres(server, work) {
  const name = `bench_${randomBytes(6).toString('hex')}`
  const client = new pg.Client({connectionString: server.url()})
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${name}`)
    return await work(server.url(name))
  } finally {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await client.end()
  }
}
