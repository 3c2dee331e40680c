import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from '@jest/globals'
import {openConnection} from '../../../src/core/ssh/open-connection.js'
import type {WorkerRow} from '../../../src/core/workers/worker.js'
import {WorkerConnections} from '../../../src/core/workers/worker-connections.js'
import {type HealthOptions, WorkerHealth} from '../../../src/core/workers/worker-health.js'
import {listWorkers} from '../../../src/core/workers/worker-store.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {queues} from '../../fixtures/open-queues.js'
import {HOST, type TestQueue} from '../../fixtures/queue.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'
import {describeStores} from '../../fixtures/stores.js'
import {TcpProxy} from '../../fixtures/tcp-proxy.js'
import {waitFor} from '../../fixtures/wait-for.js'

const logger = {debug: () => {}, info: () => {}, warn: () => {}}

describeUnless(sshdAvailable(), 'workers whose links fail', () => {
  let folder: string
  let server: Sshd

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'helix-links-'))
    server = await Sshd.start()
  })

  afterAll(async () => {
    await server.stop()
    rmSync(folder, {recursive: true})
  })

  describeStores('over SSH', (newStore) => {
    const open = queues(newStore)
    let queue: TestQueue
    let links: [w1: TcpProxy, w2: TcpProxy]
    let connections: WorkerConnections
    let health: WorkerHealth | undefined

    beforeEach(async () => {
      queue = await open()
      links = [await TcpProxy.start(server.port), await TcpProxy.start(server.port)]
      for (const [index, {port}] of links.entries()) {
        const settings = {host: '127.0.0.1', port, username: server.username, keyPath: server.keyPath, hostKey: server.hostKeyFingerprint}
        await queue.addWorker(`w${index + 1}`, {hostname: '127.0.0.1', port, username: server.username, settings})
      }
      const policy = {ownFile: join(folder, 'known_hosts')}
      // Not so little that a busy machine makes a silent link of a good one.
      const patience = {keepaliveMs: 1000, answerMs: 3000, connectTimeoutMs: 5000}
      connections = new WorkerConnections(queue.store, ({ssh_config}) => openConnection(ssh_config, policy, patience))
    })

    afterEach(async () => {
      await health?.stop()
      health = undefined
      await connections.close()
      await Promise.all(links.map((link) => link.stop()))
    })

    const lookAfter = (options: Partial<HealthOptions>) => {
      health = new WorkerHealth({store: queue.store, connections, logger, hostId: HOST, intervalSeconds: 1, scope: 'all', onRevived: () => {}, ...options})
      health.start()
    }
    const worker = async (name: string): Promise<WorkerRow> => {
      const found = (await listWorkers(queue.store, HOST)).find((other) => other.name === name)
      if (!found) throw new Error(`there is no ${name}`)
      return found
    }
    const becomes = (name: string, status: string) => waitFor(`${name} to be ${status}`, async () => (await worker(name)).status === status)
    /** Waits until a worker has been looked at so many times from now on. */
    const isLookedAt = async (name: string, times: number) => {
      const seen = new Set<unknown>()
      await waitFor(`${times} looks at ${name}`, async () => seen.add((await worker(name)).last_heartbeat).size > times)
    }

    test('one that falls silent is inactive with the reason, and active again as soon as it answers', async () => {
      let revived = 0
      lookAfter({
        onRevived: () => {
          revived += 1
        },
      })
      await isLookedAt('w1', 2)
      links[0].silence()
      await becomes('w1', 'inactive')
      expect((await worker('w1')).status_reason).toMatch(/does not answer/)
      expect(revived).toBe(0)
      links[0].restore()
      await becomes('w1', 'active')
      expect(await worker('w1')).toMatchObject({status_reason: null, retry_at: null})
      expect((await worker('w2')).losses).toBe(0)
      await waitFor('the coordinator to be told', () => revived > 0)
    })

    test('one that is lost again and again is left alone for longer, and the others are looked after as before', async () => {
      lookAfter({})
      await isLookedAt('w2', 1)
      const {losses} = await waitFor(
        'the worker to be left alone',
        async () => {
          const {status, losses} = await worker('w1')
          if (status === 'active') links[0].cut()
          return losses >= 5 ? {losses} : undefined
        },
        60_000,
      )
      const resting = await worker('w1')
      expect(resting).toMatchObject({
        status: 'inactive',
        status_reason: expect.stringMatching(`was lost.*; that was loss ${losses} in a row, so it is left alone until `),
      })
      expect(Date.parse(resting.retry_at ?? '')).toBeGreaterThan(Date.now() + 5000)
      const {connections: before} = links[0]
      await isLookedAt('w2', 3)
      expect(links[0].connections).toBe(before)
      expect(await worker('w1')).toMatchObject({status: 'inactive', losses})
      expect(await worker('w2')).toMatchObject({status: 'active', losses: 0})
      expect(links[1].connections).toBe(1)
    })

    test('are looked at by a foreground coordinator only where it is connected', async () => {
      await connections.get(await worker('w1'))
      lookAfter({scope: 'connected'})
      await isLookedAt('w1', 3)
      expect((await worker('w1')).discovered.capabilities).toContain('linux')
      expect(await worker('w2')).toMatchObject({checked_at: null, last_heartbeat: null, discovered: {}})
      expect(links[1].connections).toBe(0)
    })
  })
})
