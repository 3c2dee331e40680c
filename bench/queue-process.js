// One process of bench/queue.js: says when it is ready, waits for a line, and says how many tasks it has ended in how long.
// @ts-check
import {once} from 'node:events'
import {TaskClaims} from '../src/core/tasks/claim-tasks.js'
import {completeAttempts} from '../src/core/tasks/complete-attempts.js'
import {HOST, openTestStore, TestQueue} from '../test/fixtures/queue.js'
import {PEERS} from './queue-peers.js'

/** @typedef {import('./queue-peers.js').Mode} Mode */
/** @typedef {import('../src/core/tasks/claim-tasks.js').ClaimedTask} ClaimedTask */
/** @typedef {{claim: (limit: number) => Promise<ClaimedTask[]>, end: (claimed: readonly ClaimedTask[]) => Promise<number>}} Coordinator */

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
  const coordinators = await Promise.all(Array.from({length: gather ? 1 : inHand}, () => openCoordinator(queue, workers)))
  return async (milliseconds) => {
    const started = performance.now()
    const isOver = () => performance.now() - started >= milliseconds
    const counts = await Promise.all(
      coordinators.map((coordinator) => (gather ? likeACoordinator(coordinator, batch * inHand, isOver) : alone(coordinator, batch, isOver))),
    )
    const result = {count: counts.reduce((sum, count) => sum + count, 0), milliseconds: performance.now() - started}
    await queue.store.close()
    return result
  }
}

/**
 * @param {TestQueue} queue
 * @param {import('../src/core/workers/worker.js').WorkerRow[]} workers
 * @returns {Promise<Coordinator>}
 */
async function openCoordinator(queue, workers) {
  const claims = new TaskClaims(queue.store)
  const coordinatorId = await queue.addCoordinator()
  return {
    claim: (limit) => claims.claim({coordinatorId, scope: 'unowned', hostId: HOST, limit, workers: async () => workers}),
    async end(claimed) {
      const ends = claimed.map(({task}) => /** @type {const} */ ({taskId: task.id, attempt: task.attempt, result: 'completed', exitCode: 0}))
      const {settled} = await completeAttempts(queue.store, coordinatorId, ends)
      claims.noteEnds(claimed.map(({worker}) => worker.id))
      return settled.length
    },
  }
}

/**
 * As src/core/scheduler/coordinator.ts does it: claims for all hands that are free, and meanwhile stores the ends of all that have one.
 * @param {Coordinator} coordinator
 * @param {number} hands
 * @param {() => boolean} isOver
 */
async function likeACoordinator(coordinator, hands, isOver) {
  let [free, count] = [hands, 0]
  /** @type {ClaimedTask[]} */
  let ended = []
  /** @type {Promise<void> | undefined} */
  let storing
  const store = async () => {
    while (ended.length > 0) {
      const ends = ended
      ended = []
      count += await coordinator.end(ends)
      free += ends.length
    }
    storing = undefined
  }
  while (!isOver()) {
    if (free === 0) await storing
    const claimed = await coordinator.claim(free)
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
 * @param {Coordinator} coordinator
 * @param {number} limit
 * @param {() => boolean} isOver
 */
async function alone(coordinator, limit, isOver) {
  let count = 0
  while (!isOver()) {
    const claimed = await coordinator.claim(limit)
    if (claimed.length === 0) break
    count += await coordinator.end(claimed)
  }
  return count
}
