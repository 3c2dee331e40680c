// How many tasks that do nothing the queue hands out and takes back in a second, by processes of their own as coordinators are.
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
import {line, measureRounds, show} from './rounds.js'

const ROUNDS = 3
const SECONDS = 2
const BATCH = 50
const PROCESS = fileURLToPath(new URL('queue-process.js', import.meta.url))
const HOOKS = fileURLToPath(new URL('../test/fixtures/typescript-hooks.js', import.meta.url))

export async function measure() {
  const missing = postgresServerMissing()
  const server = missing === undefined ? await PostgresServer.create({fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on'}) : undefined
  console.log(
    [
      `claimTasks and completeAttempts as a coordinator calls them; a round lasts ${SECONDS} s, or until its tasks are used up; ${ROUNDS} rounds.`,
      `"one by one": each claim takes one task, and its end is stored before the next. "in batches": ${BATCH} at a time.`,
      'SQLite: WAL, synchronous=NORMAL, as is the default. PostgreSQL: on this machine, fsync, full_page_writes and synchronous_commit on.',
      'Not measured beside it: graphile-worker and pg-boss, which would have to become dependencies of the project.\n',
    ].join('\n'),
  )
  try {
    /** @type {Record<string, () => Promise<number>>} */
    const peers = {}
    for (const processes of [1, 4]) {
      for (const batch of [1, BATCH]) {
        const how = `${processes} ${processes === 1 ? 'process' : 'processes'}, ${batch === 1 ? 'one by one' : 'in batches'}`
        peers[`SQLite, ${how}`] = () => withSqlite((url) => drain(url, processes, batch))
        if (server) peers[`PostgreSQL, ${how}`] = () => withPostgres(server, (url) => drain(url, processes, batch))
      }
    }
    const figures = await measureRounds(peers, ROUNDS)
    for (const name of Object.keys(figures).sort()) line(name, show(figures[name] ?? [], 'tasks/s'))
    if (missing !== undefined) line('PostgreSQL', `not measured: ${missing}`)
  } finally {
    await server?.remove()
  }
}

/**
 * Fills a store and lets processes empty it. Resolves to tasks per second.
 * @param {string} url
 * @param {number} processes
 * @param {number} batch
 */
async function drain(url, processes, batch) {
  const queue = new TestQueue(await openTestStore(url))
  try {
    await queue.addWorker('w1', {slots: 100_000})
    // As many as it could use up at the speed that is aimed at would take longer to queue than to run.
    const count = batch === 1 ? 2000 : 8000
    for (let left = count; left > 0; left -= 1000) await queue.submit(newTasks(Math.min(left, 1000)))
  } finally {
    await queue.store.close()
  }
  const workers = await Promise.all(Array.from({length: processes}, () => startProcess(url, batch)))
  const started = performance.now()
  const done = await Promise.all(workers.map((worker) => worker.go()))
  return done.reduce((sum, one) => sum + one, 0) / ((performance.now() - started) / 1000)
}

/**
 * @param {string} url
 * @param {number} batch
 */
async function startProcess(url, batch) {
  const args = ['--no-warnings', '--import', HOOKS, PROCESS, url, String(batch), String(SECONDS)]
  const child = spawn(process.execPath, args, {stdio: ['pipe', 'pipe', 'inherit']})
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]()
  const next = async () => {
    const {value, done} = await lines.next()
    if (done) throw new Error('a process of the queue ended too early')
    return value
  }
  await next()
  return {
    go: async () => {
      child.stdin.end('go\n')
      return Number(await next())
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
