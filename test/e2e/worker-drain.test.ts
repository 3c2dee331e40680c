import {readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish, type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {type Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'
import {addServers, RunLog, startServers} from '../fixtures/worker-pool.js'

/** Runs until the file of the first argument holds a line. */
const UNTIL = 'echo started; while [ ! -s "$0" ]; do sleep 0.05; done; echo done'

describeUnless(sshdAvailable(), 'a worker that is taken out of use', () => {
  let servers: [Sshd, Sshd]

  beforeAll(async () => {
    servers = (await startServers(2)) as [Sshd, Sshd]
  })

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()))
  })

  describeStores('by hand or by itself', (newStore) => {
    let home: HelixHome
    let gate: RunLog

    beforeEach(async () => {
      home = makeHelixHome({HELIX_DATABASE_URL: await newStore()})
      gate = new RunLog()
      await addServers(home, servers, 2)
    })

    afterEach(async () => {
      writeFileSync(gate.path, 'open\n')
      await home.run(['scheduler', 'stop'])
      gate.remove()
      rmSync(home.root, {recursive: true, force: true})
    })

    const json = async (...words: string[]) => JSON.parse((await home.run([...words, '--json'])).stdout)
    const worker = (name: string) => json('worker', 'show', name)
    /** The line of a worker in `worker list` for a person. */
    const line = async (name: string, ...flags: string[]) => {
      const {stdout} = await home.run(['worker', 'list', ...flags])
      return stdout.split('\n').find((row) => row.startsWith(`${name} `)) ?? ''
    }

    test('finishes what runs there and gets nothing new until it is activated', async () => {
      const running = home.run(['task', 'run', '--worker', 'w1', '--', 'sh', '-c', UNTIL, gate.path])
      await waitFor('the task to run', async () => (await worker('w1')).running === 1)
      const drained = await home.run(['worker', 'drain', 'w1', '--reason', 'new disk'])
      expect(drained).toMatchObject({
        code: 0,
        stdout: 'w1 gets no new tasks. 1 task runs on to the end. Give it tasks again with: helix worker activate w1\n',
        stderr: '',
      })
      expect(await worker('w1')).toMatchObject({status: 'maintenance', status_reason: 'new disk', running: 1})
      const waiting = home.spawn(['worker', 'drain', 'w1', '--reason', 'new disk', '--wait', '--json'])
      const idle = finish(waiting)

      const detached = await home.run(['task', 'run', '--worker', 'w1', '--detach', '--json', '--', 'echo', 'later'])
      const {id} = JSON.parse(detached.stdout)
      const mapped = await home.run(['task', 'map', '--keep-order', '--', 'echo'], {input: '1\n2\n3\n4\n'})
      expect(mapped).toMatchObject({code: 0, stdout: '1\n2\n3\n4\n'})
      const {tasks} = await json('task', 'list', '--status', 'completed')
      expect(tasks.map((task: {worker: string}) => task.worker)).toEqual(Array(4).fill('w2'))
      expect(await json('task', 'show', id)).toMatchObject({status: 'pending', attempt: 0, pending_reason: 'w1 is in maintenance (new disk)'})
      expect(waiting.exitCode).toBeNull()

      writeFileSync(gate.path, 'open\n')
      expect(await running).toMatchObject({code: 0, stdout: 'started\ndone\n'})
      const {code, stdout} = await idle
      expect([code, JSON.parse(stdout)]).toMatchObject([0, {name: 'w1', status: 'maintenance', running: 0}])
      expect(await json('task', 'show', id)).toMatchObject({status: 'pending', attempt: 0})

      expect(await home.run(['worker', 'activate', 'w1'])).toMatchObject({code: 0, stdout: 'w1 gets tasks again.\n'})
      expect(await worker('w1')).toMatchObject({status: 'active', status_reason: null})
      expect(await home.run(['task', 'wait', id])).toMatchObject({code: 0})
      expect(await json('task', 'show', id)).toMatchObject({status: 'completed', worker: 'w1', attempt: 1})
    })

    test('shows in each state with the reason, and is back once it has been activated and has answered', async () => {
      const [first, second] = servers
      await home.run(['worker', 'drain', 'w1', '--reason', 'new disk'])
      expect(await line('w1')).toMatch(/^w1 +maintenance +0\/2 .* new disk$/)
      expect(await line('w1', '--wide')).toMatch(/^w1 +maintenance +0\/2 .*\blinux\b.* new disk$/)

      await home.run(['worker', 'drain', 'w2'])
      expect(await line('w2')).toMatch(/ drained by \S+$/)

      const keys = join(second.folder, 'authorized_keys')
      await home.run(['worker', 'activate', 'w2'])
      writeFileSync(keys, '')
      expect(await home.run(['worker', 'test', 'w2'])).toMatchObject({code: 77})
      const refused = await worker('w2')
      expect(refused).toMatchObject({status: 'failed', status_reason: expect.stringContaining('refused')})
      expect(await line('w2')).toContain(refused.status_reason)
      expect(await home.run(['worker', 'activate', 'w2'])).toMatchObject({code: 77, stdout: ''})
      expect(await worker('w2')).toMatchObject({status: 'failed'})

      await first.halt()
      await second.halt()
      expect(await home.run(['worker', 'activate', 'w1'])).toMatchObject({code: 69, stdout: ''})
      expect(await worker('w1')).toMatchObject({status: 'maintenance', status_reason: 'new disk'})
      expect(await home.run(['worker', 'activate', 'w2'])).toMatchObject({code: 69, stdout: '', stderr: expect.stringContaining('connection refused')})
      const away = await worker('w2')
      expect(away).toMatchObject({status: 'inactive', status_reason: expect.stringContaining('connection refused'), retry_at: expect.any(String)})
      const shown = await home.run(['worker', 'show', 'w2'])
      expect(shown.stdout).toContain(`status:          inactive (${away.status_reason})\n`)
      expect(shown.stdout).toContain(`tried again:     ${away.retry_at}\n`)

      await first.restart()
      await second.restart()
      second.authorize(readFileSync(`${second.keyPath}.pub`, 'utf8'))
      for (const name of ['w1', 'w2']) {
        expect(await home.run(['worker', 'activate', name])).toMatchObject({code: 0})
        expect(await worker(name)).toMatchObject({status: 'active', status_reason: null, retry_at: null})
      }
    })
  })
})
