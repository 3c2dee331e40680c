import {expect, test} from '@jest/globals'
import {makeHelixHome} from '../fixtures/helix.js'

test('task logs --follow goes on from a failed attempt to the next one, until the task has ended', async () => {
  const home = makeHelixHome()
  const script = 'echo "attempt $HELIX_ATTEMPT"; [ "$HELIX_ATTEMPT" = 2 ]'
  const id = (await home.run(['task', 'run', '--detach', '--retries', '1', '--', 'sh', '-c', script])).stdout.trim()
  expect(await home.run(['task', 'logs', '--follow', id])).toMatchObject({code: 0, stdout: 'attempt 1\nattempt 2\n'})
  expect((await home.run(['task', 'logs', '--follow', '--attempt', '1', id])).stdout).toBe('attempt 1\n')
})
