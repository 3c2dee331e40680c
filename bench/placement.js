// How long it takes to place one task among many workers while many tasks wait, and how that grows with the pool.
// @ts-check
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {TaskClaims} from '../src/core/tasks/claim-tasks.js'
import {postgresServerMissing} from '../test/fixtures/postgres-programs.js'
import {PostgresServer} from '../test/fixtures/postgres-server.js'
import {HOST, newTasks, openTestStore, TestQueue} from '../test/fixtures/queue.js'
import {line, median, show, verdict} from './rounds.js'

const PENDING = 100_000
const POOLS = [10, 100, 1000]
const CLAIMS = 500
const MOST_MS = 1
// Tasks of as many kinds are pending: with a label of their own, in two projects' worth of priorities.
const KINDS = 10

export async function measure() {
  console.log(
    [
      `A claim of one task at a time, ${CLAIMS} of them after 20 that do not count, with ${PENDING} tasks of ${KINDS} kinds pending: everything from looking for the task to the commit that binds it to`,
      'a worker of the ones with the fewest tasks, of those that have what it asks for. SQLite: WAL, synchronous=NORMAL, as is the default. PostgreSQL: on this machine, fsync on, so that each',
      'claim waits for the disk once; "an empty commit" is one UPDATE of one row there, and "without the disk" are as many claims again with synchronous_commit off, which Helix never is.\n',
    ].join('\n'),
  )
  const folder = mkdtempSync(join(tmpdir(), 'helix-bench-'))
  try {
    await measureOn('SQLite', (name) => `sqlite:${join(folder, `${name}.db`)}`)
  } finally {
    rmSync(folder, {force: true, recursive: true})
  }
  const missing = postgresServerMissing()
  if (missing !== undefined) return line('PostgreSQL', `not measured: ${missing}`)
  const server = await PostgresServer.create({fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on'})
  try {
    for (const workers of POOLS) await createDatabase(server, `pool${workers}`)
    await measureOn('PostgreSQL', (name) => server.url(name))
  } finally {
    await server.remove()
  }
}

/**
 * @param {string} database
 * @param {(name: string) => string} urlOf
 */
async function measureOn(database, urlOf) {
  /** @type {number[]} */
  const medians = []
  /** @type {number[]} */
  const withoutDisk = []
  for (const workers of POOLS) {
    const url = urlOf(`pool${workers}`)
    const {times, commits} = await withQueue(url, async (queue) => {
      await fill(queue, workers)
      return timeClaims(queue)
    })
    medians.push(median(times))
    line(`${database}, ${workers} workers`, show(times, 'ms'))
    if (commits.length === 0) continue
    line(`${database}, an empty commit`, show(commits, 'ms'))
    const again = await withQueue(`${url}?options=-c%20synchronous_commit%3Doff`, timeClaims)
    withoutDisk.push(median(again.times))
    line(`${database}, ${workers} workers, without the disk`, show(again.times, 'ms'))
  }
  judge(database, medians)
  if (withoutDisk.length > 0) judge(`${database} without the disk`, withoutDisk)
}

/**
 * @param {string} name
 * @param {readonly number[]} medians of the pools
 */
function judge(name, medians) {
  const [first = 0, last = 0] = [medians[0], medians.at(-1)]
  line(`${name}, ${POOLS.at(-1)} workers beside ${POOLS[0]}`, `${(last / first).toFixed(2)} ×`)
  line(`${name}, of ${MOST_MS} ms with ${POOLS.at(-1)} workers`, verdict(last / MOST_MS, {most: 1}))
}

/**
 * @template T
 * @param {string} url
 * @param {(queue: TestQueue) => Promise<T>} work
 */
async function withQueue(url, work) {
  const queue = new TestQueue(await openTestStore(url))
  try {
    return await work(queue)
  } finally {
    await queue.store.close()
  }
}

/**
 * @param {TestQueue} queue
 * @param {number} workers
 */
async function fill(queue, workers) {
  for (let number = 0; number < workers; number += 1)
    await queue.addWorker(`w${number}`, {slots: Math.max(16, 8000 / workers), labels: {zone: `z${number % KINDS}`}})
  for (let number = 0; number < PENDING / 1000; number += 1) {
    await queue.submit(newTasks(1000, {requirements: {labels: {zone: `z${number % KINDS}`}}, priority: number % 3}))
  }
  if (queue.store.dialect === 'postgres') await queue.store.query('VACUUM ANALYZE')
}

/** @param {TestQueue} queue */
async function timeClaims(queue) {
  const coordinatorId = await queue.addCoordinator()
  const claims = new TaskClaims(queue.store)
  const pool = await queue.workers()
  /** @type {number[]} */
  const times = []
  /** @type {number[]} */
  const commits = []
  for (let number = 0; number < CLAIMS + 20; number += 1) {
    const time = await timed(() => claims.claim({coordinatorId, scope: 'unowned', hostId: HOST, limit: 1, workers: async () => pool}))
    if (number >= 20) times.push(time)
    if (queue.store.dialect === 'postgres' && number % 10 === 0)
      commits.push(await timed(() => queue.store.prepared('UPDATE coordinators SET pid = pid + 1 WHERE id = ?', [coordinatorId])))
  }
  return {times, commits}
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/**
 * @param {PostgresServer} server
 * @param {string} name
 */
async function createDatabase(server, name) {
  const {default: pg} = await import('pg')
  const client = new pg.Client({connectionString: server.url()})
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${name}`)
  } finally {
    await client.end()
  }
}
