import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, expect, test} from '@jest/globals'
import type {Store} from '../../src/core/data/store.js'
import {hostId} from '../../src/core/process-identity.js'
import {pruneByRetention} from '../../src/core/requests/prune-logs.js'
import {Spool} from '../../src/core/tasks/spool.js'
import {openWorker} from '../../src/core/workers/open-worker.js'
import {WorkerConnections} from '../../src/core/workers/worker-connections.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish} from '../fixtures/helix.js'
import {openTestStore} from '../fixtures/queue.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'
import {startPool, type WorkerPool} from '../fixtures/worker-pool.js'

const MIB = 1024 * 1024
const RETENTION = {days: 14, bytes: 5 * MIB}

describeUnless(sshdAvailable(), 'retention', () => {
  describeStores('on a worker', (newStore) => {
    const opened: {close(): Promise<void>}[] = []
    afterEach(async () => {
      for (const one of opened.splice(0).reverse()) await one.close()
    })

    async function open(): Promise<{pool: WorkerPool; store: Store; prune: () => ReturnType<typeof pruneByRetention>; kept: () => Promise<string[]>}> {
      const url = await newStore()
      const store = await openTestStore(url)
      opened.push(store)
      const pool = await startPool({slots: 2, env: {HELIX_DATABASE_URL: url}})
      opened.push(pool)
      const connections = new WorkerConnections(store, (worker) => openWorker(worker, join(pool.home.configDir, 'known_hosts'), undefined))
      opened.push(connections)
      const context = {store, connections, spool: new Spool(pool.home.dataDir), hostId: hostId()}
      const root = join(pool.server.home, '.local/state/helix', await store.id())
      return {pool, store, prune: () => pruneByRetention(context, RETENTION), kept: async () => readdirSync(root).sort()}
    }

    const anHourPasses = (store: Store) => store.query(`UPDATE configurations SET updated_at = ${store.sql.afterSeconds} WHERE key = 'pruned'`, [-3601])
    const print = (name: string, kib: number) => ['task', 'run', '--name', name, '--', 'head', '-c', String(kib * 1024), '/dev/urandom']
    const idOf = async (store: Store, name: string) => (await store.query<{id: string}>('SELECT id FROM tasks WHERE name = ?', [name]))[0]?.id ?? ''

    test('removes the oldest logs until what is left fits, never those of running tasks or of what others need, and not again within the hour', async () => {
      const {pool, store, prune, kept} = await open()
      const gate = join(pool.server.home, 'gate')
      const holding = `until [ -e ${gate} ]; do sleep 0.1; done`
      const child = pool.home.spawn(['task', 'run', '--name', 'running', '--', 'sh', '-c', `head -c ${3 * MIB} /dev/zero; ${holding}`])
      opened.push({close: async () => void child.kill('SIGKILL')})
      const running = finish(child)
      await waitFor('the running task', async () => (await store.query(`SELECT id FROM tasks WHERE status = 'running'`)).length === 1)
      for (const name of ['first', 'second', 'third']) expect((await pool.home.run(print(name, 1500))).code).toBe(0)
      const ids = {
        running: await idOf(store, 'running'),
        first: await idOf(store, 'first'),
        second: await idOf(store, 'second'),
        third: await idOf(store, 'third'),
      }
      // The oldest one is needed by a task that is still to run.
      await store.query(`INSERT INTO task_dependencies (task_id, needs_id, condition) SELECT id, ?, 'success' FROM tasks WHERE name = 'running'`, [ids.first])
      expect(await prune()).toEqual({tasks: 0, logs: 2, left_behind: []})
      expect(await kept()).toEqual([ids.running, ids.first].sort())
      // What the store has of them is still there.
      expect((await pool.home.run(['task', 'show', ids.second, '--json'])).code).toBe(0)
      await pool.home.run(print('fourth', 1500))
      expect(await prune()).toBeUndefined()
      expect(await kept()).toHaveLength(3)
      await anHourPasses(store)
      expect(await Promise.all([prune(), prune(), prune()])).toEqual(expect.arrayContaining([{tasks: 0, logs: 1, left_behind: []}, undefined, undefined]))
      await pool.home.run(['worker', 'exec', 'w1', '--', 'touch', gate])
      expect((await running).code).toBe(0)
    })

    test('forgets tasks after their days, and those of a worker that is away when it is back', async () => {
      const {pool, store, prune, kept} = await open()
      for (const name of ['old', 'new']) await pool.home.run(print(name, 1))
      await store.query(`UPDATE tasks SET completed_at = ${store.sql.afterSeconds} WHERE name = 'old'`, [-15 * 86_400])
      await pool.server.halt()
      expect(await prune()).toMatchObject({tasks: 0, left_behind: [{worker: 'w1'}]})
      await pool.server.restart()
      const pruned = await waitFor('the worker to be tried again', async () => {
        await anHourPasses(store)
        const result = await prune()
        return result?.left_behind.length === 0 && result
      })
      expect(pruned).toEqual({tasks: 1, logs: 0, left_behind: []})
      expect(await kept()).toEqual([await idOf(store, 'new')])
      expect(await idOf(store, 'old')).toBe('')
    })
  })
})
