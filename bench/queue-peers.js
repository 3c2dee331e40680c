// The queues that Helix's is measured beside, each as its own documentation says that it is fastest.
// @ts-check
import {setTimeout as delay} from 'node:timers/promises'
import {Logger, makeWorkerUtils, run, runMigrations} from 'graphile-worker'
import {PgBoss} from 'pg-boss'

/**
 * How many tasks one process takes at once, and how many times at once it does so.
 * @typedef {{batch: number, inHand: number}} Mode
 */

/**
 * How a queue is filled, and how one process empties it until the time is over. What it resolves to: how many tasks have ended, durably, in how many milliseconds.
 * @typedef {{
 *   fill: (url: string, count: number) => Promise<void>,
 *   open: (url: string, mode: Mode) => Promise<(milliseconds: number) => Promise<{count: number, milliseconds: number}>>
 * }} Peer
 */

const QUEUE = 'nothing'
const PAYLOAD = {command: ['true']}
const quiet = new Logger(() => () => {})

/** @type {Record<string, Peer>} */
export const PEERS = {
  'pg-boss': {fill: fillBoss, open: openBoss},
  'graphile-worker': {fill: fillGraphile, open: openGraphile},
}

/** @type {Peer['fill']} */
async function fillBoss(url, count) {
  const boss = await startBoss(url, 2)
  await boss.createQueue(QUEUE)
  for (const size of thousands(count)) await boss.insert(QUEUE, Array(size).fill({data: PAYLOAD}))
  await boss.stop({graceful: false})
}

/** @type {Peer['open']} */
async function openBoss(url, {batch, inHand}) {
  const boss = await startBoss(url, inHand)
  return async (milliseconds) => {
    const started = performance.now()
    let count = 0
    const work = async () => {
      while (performance.now() - started < milliseconds) {
        const jobs = await boss.fetch(QUEUE, {batchSize: batch})
        if (jobs.length === 0) return
        const ids = jobs.map((job) => job.id)
        await boss.complete(QUEUE, ids)
        count += ids.length
      }
    }
    await Promise.all(Array.from({length: inHand}, work))
    const result = {count, milliseconds: performance.now() - started}
    await boss.stop({graceful: false})
    return result
  }
}

/**
 * @param {string} url
 * @param {number} connections
 */
async function startBoss(url, connections) {
  const boss = new PgBoss({connectionString: url, max: Math.max(2, connections), supervise: false, schedule: false})
  boss.on('error', (error) => console.error(error))
  await boss.start()
  return boss
}

/** @type {Peer['fill']} */
async function fillGraphile(url, count) {
  await runMigrations({connectionString: url, logger: quiet})
  const utils = await makeWorkerUtils({connectionString: url, logger: quiet})
  for (const size of thousands(count)) await utils.addJobs(Array(size).fill({identifier: QUEUE, payload: PAYLOAD}))
  await utils.release()
}

/** @type {Peer['open']} */
async function openGraphile(url, {batch, inHand}) {
  // With a local queue it takes many jobs at once and stores the ends of many at once; jobs then wait for nothing but their turn.
  const gathered = {concurrentJobs: 24, localQueue: {size: batch}, completeJobBatchDelay: 0, failJobBatchDelay: 0}
  return async (milliseconds) => {
    let count = 0
    const started = performance.now()
    const runner = await run({
      connectionString: url,
      logger: quiet,
      noHandleSignals: true,
      taskList: {
        [QUEUE]: async () => {
          count += 1
        },
      },
      preset: {worker: {concurrentJobs: inHand, maxPoolSize: 10, pollInterval: 10, ...(batch > 1 && gathered)}},
    })
    await delay(milliseconds)
    // Resolves when the ends of all that were run are stored.
    await runner.stop()
    return {count, milliseconds: performance.now() - started}
  }
}

/** @param {number} count */
function thousands(count) {
  return Array.from({length: count / 1000}, () => 1000)
}
