// One coordinator of bench/queue.js, in a process of its own: says when it is ready, waits for a line, and says how many tasks it has ended.
// @ts-check
import {once} from 'node:events'
import {completeAttempts} from '../src/core/tasks/complete-attempts.js'
import {openTestStore, TestQueue} from '../test/fixtures/queue.js'

const [url = '', batch = '1', seconds = '1'] = process.argv.slice(2)
const queue = new TestQueue(await openTestStore(url))
const coordinator = await queue.addCoordinator()
console.log('ready')
await once(process.stdin, 'data')

let count = 0
const until = performance.now() + Number(seconds) * 1000
while (performance.now() < until) {
  const claimed = await queue.claim(coordinator, {limit: Number(batch)})
  if (claimed.length === 0) break
  const {settled} = await completeAttempts(
    queue.store,
    coordinator,
    claimed.map(({task}) => ({taskId: task.id, attempt: task.attempt, result: 'completed', exitCode: 0})),
  )
  count += settled.length
}
console.log(count)
await queue.store.close()
