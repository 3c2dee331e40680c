import {rmSync} from 'node:fs'
import {afterAll, afterEach, beforeAll, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish, type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {type Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {describeStores, type NewStore} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'
import {addServers, RunLog, startServers} from '../fixtures/worker-pool.js'

interface TaskLine {
  status: string
  worker: string
  attempt: number
}

describeUnless(sshdAvailable(), 'a pool of four SSH workers', () => {
  let servers: Sshd[]
  const used: HelixHome[] = []

  beforeAll(async () => {
    servers = await startServers(4)
  })

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()))
  })

  afterEach(() => {
    for (const home of used.splice(0)) rmSync(home.root, {recursive: true, force: true})
  })

  const newUser = async (newStore: NewStore, slots: number) => {
    const home = makeHelixHome({HELIX_DATABASE_URL: await newStore()})
    used.push(home)
    await addServers(home, servers, slots)
    return home
  }

  describeStores('its tasks', (newStore) => {
    test('map 200 lines, each once and spread over the four; a single task runs where it is told to', async () => {
      const home = await newUser(newStore, 4)
      const mapped = await home.run(['task', 'map', '--', 'sh', '-c', 'echo {}'], {input: lines(1, 200)})
      expect(mapped).toMatchObject({code: 0, stderr: ''})
      expect(numbers(mapped.stdout)).toEqual(numbers(lines(1, 200)))
      const tasks = await listAll(home)
      const perWorker = Map.groupBy(tasks, (task) => task.worker)
      expect([...perWorker.keys()].sort()).toEqual(['w1', 'w2', 'w3', 'w4'])
      expect([...perWorker.values()].every((share) => share.length >= 20)).toBe(true)
      expect(await home.run(['task', 'run', '--worker', 'w2', '--', 'sh', '-c', 'exit 7'])).toMatchObject({code: 7, stderr: ''})
      expect((await listAll(home))[0]).toMatchObject({worker: 'w2', status: 'failed'})
    })

    test('survive a kill -9 of their coordinator in mid-run: none is lost and none runs twice', async () => {
      const home = await newUser(newStore, 3)
      const ran = new RunLog()
      const child = home.spawn(['task', 'map', '--', 'sh', '-c', `sleep 0.3; echo {} >> ${ran.path}; sleep 0.3`])
      child.stdin.end(lines(1, 60))
      // What is not acknowledged is not durable.
      await waitFor('60 tasks in the store', async () => (await listAll(home)).length === 60)
      await waitFor('the first tasks to end', () => ran.lines.length >= 12)
      const ended = finish(child)
      child.kill('SIGKILL')
      expect(await ended).toMatchObject({signal: 'SIGKILL'})
      expect(ran.lines.length).toBeLessThan(60)
      expect(await home.run(['scheduler', 'start', '--drain'])).toMatchObject({code: 0})
      const tasks = await listAll(home)
      expect(tasks.filter((task) => task.status !== 'completed').map((task) => task.status)).toEqual([])
      expect(ran.lines.map(Number).sort((a, b) => a - b)).toEqual(numbers(lines(1, 60)))
      ran.remove()
    })

    test('are shared by eight coordinators at once without one running twice', async () => {
      const home = await newUser(newStore, 4)
      const ran = new RunLog()
      const runs = Array.from({length: 8}, (_, index) =>
        home.run(['task', 'map', '--', 'sh', '-c', `echo {} >> ${ran.path}; echo {}`], {input: lines(index * 25 + 1, index * 25 + 25)}),
      )
      for (const [index, mapped] of (await Promise.all(runs)).entries()) {
        expect(mapped).toMatchObject({code: 0, stderr: ''})
        expect(numbers(mapped.stdout)).toEqual(numbers(lines(index * 25 + 1, index * 25 + 25)))
      }
      expect(ran.lines.map(Number).sort((a, b) => a - b)).toEqual(numbers(lines(1, 200)))
      expect((await listAll(home)).map((task) => [task.status, task.attempt])).toEqual(Array(200).fill(['completed', 1]))
      ran.remove()
    })
  })
})

function lines(first: number, last: number): string {
  return Array.from({length: last - first + 1}, (_, index) => `${first + index}\n`).join('')
}

function numbers(text: string): number[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map(Number)
    .sort((a, b) => a - b)
}

async function listAll(home: HelixHome): Promise<TaskLine[]> {
  const {stdout} = await home.run(['task', 'list', '--limit', '10000', '--json'])
  return JSON.parse(stdout).tasks
}
