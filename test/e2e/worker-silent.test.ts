import {appendFileSync, rmSync} from 'node:fs'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish, type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {TcpProxy} from '../fixtures/tcp-proxy.js'
import {waitFor} from '../fixtures/wait-for.js'
import {RunLog} from '../fixtures/worker-pool.js'

/** Prints numbered lines, and tells in the file of the first argument which it has come to, until that file holds "stop". */
const COUNT = 'i=0; while ! grep -q stop "$0"; do i=$((i+1)); echo "line $i"; echo "$i" >>"$0"; sleep 0.1; done'

const NOTICED_WITHIN_MS = 20_000
/** Twice as long as a lease. */
const DOWN_MS = 60_000

describeUnless(sshdAvailable(), 'a worker whose link goes dead without a word', () => {
  let home: HelixHome
  let server: Sshd
  let link: TcpProxy
  let log: RunLog

  beforeAll(async () => {
    home = makeHelixHome()
    server = await Sshd.start()
    link = await TcpProxy.start(server.port)
    log = new RunLog()
    const words = ['--key', server.keyPath, '--host-key', server.hostKeyFingerprint]
    expect(await home.run(['worker', 'add', 'w1', `${server.username}@127.0.0.1:${link.port}`, ...words])).toMatchObject({code: 0})
  })

  afterAll(async () => {
    await home.run(['scheduler', 'stop'])
    await link.stop()
    await server.stop()
    log.remove()
    rmSync(home.root, {recursive: true, force: true})
  })

  const json = async (...words: string[]) => JSON.parse((await home.run([...words, '--json'])).stdout)
  const count = () => Number(log.lines.at(-1) ?? 0)

  test('for a minute is inactive within 20 seconds while its task goes on, and then active with the log complete', async () => {
    const scheduler = home.spawn(['scheduler', 'start'])
    const ended = finish(scheduler)
    const {id} = JSON.parse((await home.run(['task', 'run', '--detach', '--json', '--', 'sh', '-c', COUNT, log.path])).stdout)
    await waitFor('the task to run', () => count() >= 5)
    const silenced = performance.now()
    link.silence()
    const isInactive = async () => {
      const asked = performance.now()
      const {status} = await json('worker', 'show', 'w1')
      // Whoever asks after that time is told, however long the telling takes.
      if (status === 'active') expect(asked - silenced).toBeLessThan(NOTICED_WITHIN_MS)
      return status === 'inactive'
    }
    await waitFor('the worker to be inactive', isInactive, 60_000)
    expect(await json('worker', 'show', 'w1')).toMatchObject({status_reason: expect.stringContaining('does not answer any more'), retry_at: expect.any(String)})
    const then = count()
    await waitFor('the task to go on', () => count() > then + 5)
    await waitFor('a minute to be over', () => performance.now() - silenced > DOWN_MS, DOWN_MS)
    expect(await json('task', 'show', id)).toMatchObject({status: 'running', attempt: 1})
    expect(await json('worker', 'show', 'w1')).toMatchObject({status: 'inactive'})
    link.restore()
    await waitFor('the worker to be active', async () => (await json('worker', 'show', 'w1')).status === 'active', 60_000)
    const last = count()
    appendFileSync(log.path, 'stop\n')
    expect(await home.run(['task', 'wait', id])).toMatchObject({code: 0})
    expect(await json('task', 'show', id)).toMatchObject({status: 'completed', attempt: 1, worker: 'w1'})
    const {stdout} = await home.run(['task', 'logs', id])
    const lines = stdout.split('\n').slice(0, -1)
    expect(lines.length).toBeGreaterThanOrEqual(last)
    expect(lines).toEqual(lines.map((_, index) => `line ${index + 1}`))
    scheduler.kill('SIGTERM')
    expect(await ended).toMatchObject({code: 0})
  }, 240_000)
})
