// How many tasks that do nothing the queue hands out and takes back in a second, by processes of their own as coordinators are, and
// what others' queues do beside it.
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
import {line, measureRounds, median, show} from './rounds.js'

const ROUNDS = 3
const SECONDS = 2
const BATCH = 500
// Tasks that each process has in hand at once, when it takes them one by one.
const IN_HAND = 10
const PROCESS = fileURLToPath(new URL('queue-process.js', import.meta.url))
const HOOKS = fileURLToPath(new URL('../test/fixtures/typescript-hooks.js', import.meta.url))

/** @typedef {{processes: number, batch: number, inHand: number, seconds?: number, count: number}} Mode */

/**
 * Fills a queue and lets processes empty it. Resolves to tasks per second.
 * @param {string} name of a peer, or `helix`
 * @param {string} url
 * @param {Mode} mode
 */
export async function drain(name, url, {processes, batch, inHand, seconds = SECONDS, count}) {
  await (PEERS[name]?.fill ?? fillHelix)(url, count)
  if (url.startsWith('postgres')) await settle(url)
  const args = [name, String(batch), String(inHand), String(seconds)]
  const started = await Promise.all(Array.from({length: processes}, () => startProcess(url, args)))
  globalThis.mark?.('start')
  const results = await Promise.all(started.map((process) => process.go()))
  if (globalThis.mark) {
    globalThis.mark('end')
    globalThis.marks.count = results.reduce((s, r) => s + r.count, 0)
    globalThis.marks.client = results.reduce((s, r) => s + r.cpu, 0)
  }
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
    await queue.addWorker('w1', {slots: 100_000})
    for (let left = count; left > 0; left -= 1000) await queue.submit(newTasks(Math.min(left, 1000)))
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
export async function withSqlite(work) {
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
export async function withPostgres(server, work) {
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
