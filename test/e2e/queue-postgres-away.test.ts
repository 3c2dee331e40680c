import {once} from 'node:events'
import {setTimeout as delay} from 'node:timers/promises'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import pg from 'pg'
import {describeUnless} from '../fixtures/describe-unless.js'
import {postgresServerMissing} from '../fixtures/postgres-programs.js'
import {PostgresServer} from '../fixtures/postgres-server.js'
import {queueUsers} from '../fixtures/queue-user.js'
import {waitFor} from '../fixtures/wait-for.js'

const ITEMS = Array.from({length: 40}, (_, index) => String(index + 1))
const INPUT = `${ITEMS.join('\n')}\n`

describeUnless(postgresServerMissing(), 'a PostgreSQL server that goes away', () => {
  let server: PostgresServer
  let databases = 0
  const openUser = queueUsers(async () => {
    databases += 1
    await ask(`CREATE DATABASE away_${databases}`)
    return server.url(`away_${databases}`)
  })

  beforeAll(async () => {
    server = await PostgresServer.create()
  })
  afterAll(() => server.remove())

  async function ask(sql: string): Promise<void> {
    const client = new pg.Client({connectionString: server.url()})
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }

  /** Kills every connection of the database twice a second until told to stop. */
  function killConnections(): () => Promise<void> {
    const stop = new AbortController()
    const killing = (async () => {
      while (!stop.signal.aborted) {
        await ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away_${databases}'`)
        await delay(500)
      }
    })()
    return () => {
      stop.abort()
      return killing
    }
  }

  const faults = {
    'that is killed and started again, twice': async (progress: () => number) => {
      for (const count of [5, 15]) {
        await waitFor('some tasks to have run', () => progress() >= count, 60_000)
        await server.kill()
        await delay(700)
        await server.start()
      }
    },
    'that cuts all its connections twice a second': async (progress: () => number) => {
      const stop = killConnections()
      await waitFor('most tasks to have run', () => progress() >= 35, 60_000)
      await stop()
    },
  }

  test.each(Object.entries(faults))('%s: a foreground map loses nothing and prints all', async (_, fault) => {
    const user = await openUser()
    const map = user.home.spawn(['task', 'map', '--', 'sh', '-c', `echo {} >> ${user.path('ran')}; echo {}; sleep 0.2`])
    const closed = once(map, 'close')
    let stdout = ''
    map.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    // Items come all the while, so that tasks are queued, claimed, looked at and completed during the fault.
    const feeding = (async () => {
      for (const [index, item] of ITEMS.entries()) {
        await waitFor('the items before it', () => user.lines().length >= index - 4 || map.exitCode !== null, 60_000)
        map.stdin.write(`${item}\n`)
      }
      map.stdin.end()
    })()
    await fault(() => user.lines().length)
    await feeding
    const [code] = await closed
    expect(user.lines().sort()).toEqual(ITEMS.toSorted())
    expect(stdout.trim().split('\n').sort()).toEqual(ITEMS.toSorted())
    expect(code).toBe(0)
    expect(await user.problems()).toEqual([])
  })

  test.each(Object.entries(faults))('%s: two schedulers stay, and no task is lost or run twice', async (_, fault) => {
    const user = await openUser()
    const schedulers = [await user.startScheduler(), await user.startScheduler()]
    const submitted = await user.run(['task', 'map', '--detach', '--', 'sh', '-c', `echo {} >> ${user.path('ran')}; sleep 0.2`], {input: INPUT})
    await fault(() => user.lines().length)
    const open = `SELECT id FROM tasks WHERE status IN ('pending', 'running')`
    await waitFor('the end of all', async () => (await user.queue.store.query(open)).length === 0, 60_000)
    for (const {child} of schedulers) {
      expect(child.exitCode).toBeNull()
      child.kill('SIGTERM')
    }
    for (const {result} of schedulers) expect((await result).code).toBe(0)
    expect(user.lines().sort()).toEqual(ITEMS.toSorted())
    expect(await user.log.problems(submitted.stdout.trim().split('\n'))).toEqual([])
  })

  test('and is not there to begin with: one line, at once', async () => {
    const user = await openUser()
    await server.stop()
    const asked = performance.now()
    const {code, stdout, stderr} = await user.run(['task', 'run', '--', 'true'])
    await server.start()
    expect(performance.now() - asked).toBeLessThan(10_000)
    expect({code, stdout}).toEqual({code: 69, stdout: ''})
    expect(stderr).toMatch(/^Error: PostgreSQL cannot be reached: [^\n]+\n([^\n]+\n)?$/)
  })
})
