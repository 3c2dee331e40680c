// One process of bench/queue.js: says when it is ready, waits for a line, and says how many tasks it has ended in how long.
// @ts-check
import {once} from 'node:events'
import {completeAttempts} from '../src/core/tasks/complete-attempts.js'
import {openTestStore, TestQueue} from '../test/fixtures/queue.js'
import {PEERS} from './queue-peers.js'

const [url = '', name = '', batch = '1', inHand = '1', seconds = '1'] = process.argv.slice(2)
const mode = {batch: Number(batch), inHand: Number(inHand)}
const peer = PEERS[name]
const empty = peer ? await peer.open(url, mode) : await openHelix()
console.log('ready')
await once(process.stdin, 'data')
const c0 = process.cpuUsage()
const rr = await empty(Number(seconds) * 1000)
const c1 = process.cpuUsage(c0)
console.log(JSON.stringify({...rr, cpu: c1.user + c1.system}))
process.stdin.destroy()

/** @returns {Promise<(milliseconds: number) => Promise<{count: number, milliseconds: number}>>} */
async function openHelix() {
  const queue = new TestQueue(await openTestStore(url))
  const coordinator = await queue.addCoordinator()
  const workers = await queue.workers()
  return async (milliseconds) => {
    let count = 0
    const started = performance.now()
    const work = async () => {
      while (performance.now() - started < milliseconds) {
        const claimed = await queue.claim(coordinator, {limit: mode.batch, workers})
        if (claimed.length === 0) return
        const {settled} = await completeAttempts(
          queue.store,
          coordinator,
          claimed.map(({task}) => ({taskId: task.id, attempt: task.attempt, result: 'completed', exitCode: 0})),
        )
        count += settled.length
      }
    }
    await Promise.all(Array.from({length: mode.inHand}, work))
    const result = {count, milliseconds: performance.now() - started}
    await queue.store.close()
    return result
  }
}
