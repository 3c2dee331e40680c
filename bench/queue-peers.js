// The queues that Helix's is measured beside, each with its fastest documented settings. Every one of them has a process for each
// of Helix's, with as many jobs in hand at once and as many connections.
// @ts-check
import {setTimeout as delay} from 'node:timers/promises'
import {Logger, makeWorkerUtils, run, runMigrations} from 'graphile-worker'
import {PgBoss} from 'pg-boss'

const QUEUE = 'nothing'
const quiet = new Logger(() => () => {})

/**
 * How a peer is filled, and how one process empties it until the time is over. `run` resolves to how many jobs were ended in how many milliseconds.
 * @typedef {{
 *   fill: (url: string, count: number) => Promise<void>,
 *   open: (url: string, mode: {batch: number, inHand: number}) => Promise<(milliseconds: number) => Promise<{count: number, milliseconds: number}>>
 * }} Peer
 */

/** @type {Record<string, Peer>} */
export const PEERS = {
  'pg-boss': {
    fill: async (url, count) => {
      const boss = await openBoss(url, 10)
      await boss.createQueue(QUEUE)
      for (let left = count; left > 0; left -= 1000)
        await boss.insert(
          QUEUE,
          Array.from({length: Math.min(left, 1000)}, () => ({data: {command: ['true']}})),
        )
      await boss.stop({graceful: false})
    },
    open: async (url, {batch, inHand}) => {
      const boss = await openBoss(url, 10)
      return async (milliseconds) => {
        let count = 0
        const started = performance.now()
        const work = async () => {
          while (performance.now() - started < milliseconds) {
            const jobs = await boss.fetch(QUEUE, {batchSize: batch})
            if (jobs.length === 0) return
            await boss.complete(
              QUEUE,
              jobs.map((job) => job.id),
            )
            count += jobs.length
          }
        }
        await Promise.all(Array.from({length: inHand}, work))
        const result = {count, milliseconds: performance.now() - started}
        await boss.stop({graceful: false})
        return result
      }
    },
  },
  'graphile-worker': {
    fill: async (url, count) => {
      await runMigrations({connectionString: url, logger: quiet})
      const utils = await makeWorkerUtils({connectionString: url, logger: quiet})
      for (let left = count; left > 0; left -= 1000)
        await utils.addJobs(Array.from({length: Math.min(left, 1000)}, () => ({identifier: QUEUE, payload: {command: ['true']}})))
      await utils.release()
    },
    open: async (url, {batch, inHand}) => {
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
          preset: {
            worker: {
              concurrentJobs: batch > 1 ? Math.max(24, inHand) : inHand,
              maxPoolSize: inHand,
              pollInterval: 10,
              ...(batch > 1 && {localQueue: {size: batch}, completeJobBatchDelay: 0, failJobBatchDelay: 0}),
            },
          },
        })
        await delay(milliseconds)
        // Those that were run by now, though the ends of the last of them are not stored yet.
        const result = {count, milliseconds: performance.now() - started}
        await runner.stop()
        return result
      }
    },
  },
}

/**
 * @param {string} url
 * @param {number} inHand
 */
async function openBoss(url, inHand) {
  const boss = new PgBoss({connectionString: url, max: Math.max(2, inHand), supervise: false, schedule: false})
  boss.on('error', (error) => console.error(error))
  await boss.start()
  return boss
}
