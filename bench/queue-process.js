// One process of bench/queue.js: says when it is ready, waits for a line, and says how many tasks it has ended in how long.
// @ts-check
import {once} from 'node:events'
import {completeAttempts} from '../src/core/tasks/complete-attempts.js'
import {openTestStore, TestQueue} from '../test/fixtures/queue.js'
import {PEERS} from './queue-peers.js'

/** @typedef {import('./queue-peers.js').Mode} Mode */
/** @typedef {import('../src/core/tasks/claim-tasks.js').ClaimedTask} ClaimedTask */

const [url = '', name = '', batch = '1', inHand = '1', seconds = '1'] = process.argv.slice(2)
const mode = {batch: Number(batch), inHand: Number(inHand)}
const empty = await (PEERS[name]?.open ?? openHelix)(url, mode)
console.log('ready')
await once(process.stdin, 'data')
const result = await empty(Number(seconds) * 1000)
// Peers leave connections open, whose database is then gone.
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit())

/** @type {import('./queue-peers.js').Peer['open']} */
async function openHelix(url, {batch, inHand}) {
  const queue = new TestQueue(await openTestStore(url))
  const workers = await queue.workers()
  const gather = name === 'helix'
  // Each claims for itself, or one claims for all of them at once.
  const coordinators = await Promise.all(Array.from({length: gather ? 1 : inHand}, () => queue.addCoordinator()))
  return async (milliseconds) => {
    const started = performance.now()
    const isOver = () => performance.now() - started >= milliseconds
    const counts = await Promise.all(
      coordinators.map((coordinator) =>
        gather ? likeACoordinator(queue, coordinator, workers, batch * inHand, isOver) : alone(queue, coordinator, workers, batch, isOver),
      ),
    )
    const result = {count: counts.reduce((sum, count) => sum + count, 0), milliseconds: performance.now() - started}
    await queue.store.close()
    return result
  }
}

/**
 * As src/core/scheduler/coordinator.ts does it: claims for all hands that are free, and meanwhile stores the ends of all that have one.
 * @param {TestQueue} queue
 * @param {string} coordinator
 * @param {import('../src/core/workers/worker.js').WorkerRow[]} workers
 * @param {number} hands
 * @param {() => boolean} isOver
 */
async function likeACoordinator(queue, coordinator, workers, hands, isOver) {
  let [free, count] = [hands, 0]
  /** @type {ClaimedTask[]} */
  let ended = []
  /** @type {Promise<void> | undefined} */
  let storing
  const store = async () => {
    while (ended.length > 0) {
      const ends = ended
      ended = []
      count += await end(queue, coordinator, ends)
      free += ends.length
    }
    storing = undefined
  }
  while (!isOver()) {
    if (free === 0) await storing
    const claimed = await queue.claim(coordinator, {limit: free, workers})
    if (claimed.length === 0 && storing === undefined) break
    free -= claimed.length
    ended.push(...claimed)
    storing ??= store()
  }
  await storing
  return count
}

/**
 * Claims and ends with statements of its own, as nothing in Helix does it.
 * @param {TestQueue} queue
 * @param {string} coordinator
 * @param {import('../src/core/workers/worker.js').WorkerRow[]} workers
 * @param {number} limit
 * @param {() => boolean} isOver
 */
async function alone(queue, coordinator, workers, limit, isOver) {
  let count = 0
  while (!isOver()) {
    const claimed = await queue.claim(coordinator, {limit, workers})
    if (claimed.length === 0) break
    count += await end(queue, coordinator, claimed)
  }
  return count
}

/**
 * @param {TestQueue} queue
 * @param {string} coordinator
 * @param {readonly ClaimedTask[]} claimed
 */
async function end(queue, coordinator, claimed) {
  const ends = claimed.map(({task}) => /** @type {const} */ ({taskId: task.id, attempt: task.attempt, result: 'completed', exitCode: 0}))
  return (await completeAttempts(queue.store, coordinator, ends)).settled.length
}
