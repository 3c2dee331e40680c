import {afterEach, beforeEach, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish} from '../fixtures/helix.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import {startPool, type WorkerPool} from '../fixtures/worker-pool.js'

describeUnless(sshdAvailable(), 'a worker that is down', () => {
  let pool: WorkerPool

  beforeEach(async () => {
    pool = await startPool({size: 2})
  })

  afterEach(() => pool.close())

  const worker = async (name: string) => JSON.parse((await pool.home.run(['worker', 'show', name, '--json'])).stdout)

  test('is waited for with a note, shows as inactive with the reason, and gets its task once it is back', async () => {
    await pool.server.halt()
    const child = pool.home.spawn(['task', 'run', '--worker', 'w1', '--', 'echo', 'at last'])
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += String(chunk)
    })
    const ended = finish(child)
    await waitFor('the note', () => said.includes('waiting: w1 is inactive'))
    expect(await worker('w1')).toMatchObject({status: 'inactive', status_reason: expect.stringContaining(String(pool.server.port))})
    const listed = await pool.home.run(['worker', 'list'])
    expect(listed.stdout).toMatch(new RegExp(`^w1 +inactive +0/1 .*${pool.server.port}`, 'm'))
    const {tasks} = JSON.parse((await pool.home.run(['task', 'list', '--json'])).stdout)
    expect(JSON.parse((await pool.home.run(['task', 'show', '--json', tasks[0].id])).stdout)).toMatchObject({
      status: 'pending',
      attempt: 0,
      pending_reason: expect.stringContaining('w1 is inactive'),
    })
    await pool.server.restart()
    expect(await ended).toMatchObject({code: 0, stdout: 'at last\n'})
    expect(await worker('w1')).toMatchObject({status: 'active', status_reason: null})
  })

  test('does not hold up the others, and its share goes to them', async () => {
    await pool.server.halt()
    const mapped = await pool.home.run(['task', 'map', '--keep-order', '--', 'echo'], {input: '1\n2\n3\n4\n5\n6\n'})
    expect(mapped).toMatchObject({code: 0, stdout: '1\n2\n3\n4\n5\n6\n'})
    const {tasks} = JSON.parse((await pool.home.run(['task', 'list', '--json'])).stdout)
    expect(tasks.map((task: {worker: string; attempt: number}) => [task.worker, task.attempt])).toEqual(Array(6).fill(['w2', 1]))
  })

  test('ends worker exec and worker test with exit code 69', async () => {
    await pool.server.halt()
    for (const args of [
      ['worker', 'exec', 'w1', '--', 'true'],
      ['worker', 'test', 'w1'],
    ]) {
      const failed = await pool.home.run(args)
      expect(failed).toMatchObject({code: 69, stdout: ''})
      expect(failed.stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
    }
  })
})
