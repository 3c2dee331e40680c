import {expect, test} from '@jest/globals'
import {activateWorker, drainWorker} from '../../../src/core/workers/drain-worker.js'
import {LocalTransport} from '../../../src/core/workers/local-transport.js'
import type {WorkerProcess} from '../../../src/core/workers/transport.js'
import type {WorkerRow} from '../../../src/core/workers/worker.js'
import {type OpenSsh, WorkerConnections} from '../../../src/core/workers/worker-connections.js'
import {WorkerHealth} from '../../../src/core/workers/worker-health.js'
import {claimRetry, markLost} from '../../../src/core/workers/worker-recovery.js'
import {deleteWorker, listWorkers, markReachable} from '../../../src/core/workers/worker-store.js'
import {queues} from '../../fixtures/open-queues.js'
import {HOST, type TestQueue} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'
import {waitFor} from '../../fixtures/wait-for.js'

const logger = {debug: () => {}, info: () => {}, warn: () => {}}

/** Looks after the workers of a queue. */
function healthOf({store}: TestQueue, connections: WorkerConnections, intervalSeconds: number): WorkerHealth {
  return new WorkerHealth({store, connections, logger, hostId: HOST, intervalSeconds, scope: 'all', onRevived: () => {}})
}

describeStores('the health of workers', (newStore) => {
  const open = queues(newStore)

  const only = async ({store}: TestQueue): Promise<WorkerRow> => {
    const [worker] = await listWorkers(store, HOST)
    if (!worker) throw new Error('there is no worker')
    return worker
  }
  /** Two coordinators that look after the same workers, each of which is this machine. */
  const lookAfter = async (queue: TestQueue, openSsh: OpenSsh, isDone: () => Promise<boolean>) => {
    const both = [1, 2].map(() => {
      const connections = new WorkerConnections(queue.store, openSsh)
      return {connections, health: healthOf(queue, connections, 300)}
    })
    for (const {health} of both) health.start()
    try {
      await waitFor('the workers to be looked at', isDone)
    } finally {
      for (const {health, connections} of both) {
        await health.stop()
        await connections.close()
      }
    }
  }

  test('is looked at by one coordinator of several, and stored with what the worker has', async () => {
    const queue = await open()
    await queue.addWorker('w1')
    let opened = 0
    const openSsh = async () => {
      opened += 1
      return new LocalTransport()
    }
    await lookAfter(queue, openSsh, async () => (await only(queue)).discovered.system !== undefined)
    expect(opened).toBe(1)
    const worker = await only(queue)
    expect(worker.discovered.capabilities).toContain(process.platform)
    expect(worker.load.disk_free_bytes).toBeGreaterThan(0)
    expect(worker.checked_at).not.toBeNull()
  })

  test('stores what a worker tells by itself, and asks one that has fallen silent', async () => {
    const queue = await open()
    for (const name of ['talks', 'hangs']) await queue.addWorker(name)
    const asked: string[] = []
    const processes: WorkerProcess[] = []
    const openSsh = async ({name}: WorkerRow) => {
      const here = new LocalTransport()
      return Object.assign(here, {
        async execSpare(command: string) {
          asked.push(name)
          const process = await here.exec(name === 'talks' ? command : 'exec cat')
          processes.push(process)
          return process
        },
      })
    }
    const connections = new WorkerConnections(queue.store, openSsh)
    const health = healthOf(queue, connections, 3)
    health.start()
    const heard = async (name: string) => {
      await queue.store.query(`UPDATE workers SET load = '{}' WHERE name = ?`, [name])
      await waitFor(
        `${name} to be heard again`,
        async () => (await listWorkers(queue.store, HOST)).find((worker) => worker.name === name)?.load.disk_free_bytes,
      )
    }
    try {
      await waitFor('both to be asked to tell', () => asked.length === 2)
      for (const name of ['talks', 'talks', 'hangs', 'hangs']) await heard(name)
      expect(asked.sort()).toEqual(['hangs', 'talks'])
    } finally {
      await health.stop()
      await connections.close()
      for (const {stdin} of processes) stdin.end()
    }
  })

  test('lets go of a worker that was removed', async () => {
    const queue = await open()
    await queue.addWorker('w1')
    const here = new LocalTransport()
    let reports: WorkerProcess | undefined
    const transport = Object.assign(here, {
      async execSpare(command: string) {
        reports = await here.exec(command)
        return reports
      },
    })
    const connections = new WorkerConnections(queue.store, async () => transport)
    const health = healthOf(queue, connections, 3)
    health.start()
    try {
      await waitFor('its reports', () => reports)
      await deleteWorker(queue.store, await only(queue))
      await waitFor('its connection to be closed', () => connections.connected().length === 0)
    } finally {
      await health.stop()
      await connections.close()
      reports?.stdin.end()
    }
  })

  test('has a worker that was away tried again by one coordinator of several, once its time has come', async () => {
    const url = await newStore()
    const queue = await open(url)
    await queue.addWorker('w1')
    await queue.store.query("UPDATE workers SET status = 'inactive', status_reason = 'gone'")
    const {id} = await only(queue)
    const beside = await open.beside(url)
    const claims = await Promise.all([queue, beside, queue, beside].map(({store}) => claimRetry(store, id)))
    expect(claims.filter(Boolean)).toHaveLength(1)
    await queue.store.query('UPDATE workers SET retry_at = NULL')
    await lookAfter(
      queue,
      async () => new LocalTransport(),
      async () => (await only(queue)).status === 'active',
    )
    expect(await only(queue)).toMatchObject({status: 'active', status_reason: null, connect_failures: 0})
  })

  test('leaves a worker alone whose connection is lost again and again, until it is activated', async () => {
    const queue = await open()
    await queue.addWorker('w1')
    const {id} = await only(queue)
    const lose = async () => {
      await queue.store.query(`UPDATE workers SET lost_at = ${queue.store.sql.afterSeconds}`, [-60])
      await markLost(queue.store, id, 'the connection was lost', 1)
    }
    for (let loss = 0; loss < 4; loss++) await lose()
    await markReachable(queue.store, id)
    expect(await only(queue)).toMatchObject({status: 'active', losses: 4})
    // Somebody's old connection went with one of those; that is noticed only now.
    await markLost(queue.store, id, 'the connection was lost', 3600)
    expect(await only(queue)).toMatchObject({losses: 4})
    await lose()
    // A second coordinator that lost it with the first counts no further loss.
    await markLost(queue.store, id, 'the connection was lost', 1)
    await markReachable(queue.store, id)
    expect(await only(queue)).toMatchObject({status: 'inactive', losses: 5, status_reason: expect.stringContaining('loss 5 in a row')})
    const connections = new WorkerConnections(queue.store, async () => new LocalTransport())
    await activateWorker(queue.store, connections, await only(queue))
    await connections.close()
    expect(await only(queue)).toMatchObject({status: 'active', losses: 0, status_reason: null, retry_at: null})
  })

  test('keeps a drained worker in maintenance whatever it answers, and as it was when it does not', async () => {
    const queue = await open()
    await queue.addWorker('w1')
    await drainWorker(queue.store, await only(queue), 'new disk')
    const worker = await only(queue)
    await markReachable(queue.store, worker.id)
    await markLost(queue.store, worker.id, 'the connection was lost', 1)
    const away = new WorkerConnections(queue.store, () => Promise.reject(new Error('no route')))
    await expect(activateWorker(queue.store, away, worker)).rejects.toThrow('no route')
    expect(await only(queue)).toMatchObject({status: 'maintenance', status_reason: 'new disk'})
  })
})
