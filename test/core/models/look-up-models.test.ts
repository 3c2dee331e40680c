import {afterEach, beforeEach, expect, test} from '@jest/globals'
import type {FleetContext} from '../../../src/core/models/fleet-context.js'
import {lookUpModels} from '../../../src/core/models/look-up-models.js'
import {groupByModel} from '../../../src/core/models/model-view.js'
import {ProviderRegistry} from '../../../src/core/providers/provider-registry.js'
import {Credentials} from '../../../src/core/security/credentials.js'
import {WorkerConnections} from '../../../src/core/workers/worker-connections.js'
import {ensureLocalWorker} from '../../../src/core/workers/worker-store.js'
import {HOST, TestQueue} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'

const WORKERS = 1000

describeStores('the models of a thousand workers', (newStore) => {
  let queue: TestQueue
  let context: FleetContext

  beforeEach(async () => {
    queue = await TestQueue.open(await newStore())
    const {store} = queue
    await ensureLocalWorker(store, HOST)
    const folders = {configDir: '/nowhere', dataDir: '/nowhere'}
    const registry = {plugins: [], configured: {}, env: {}, placeOf: () => '', credentials: new Credentials(folders), dataDir: '/nowhere'}
    context = {
      store,
      hostId: HOST,
      providers: new ProviderRegistry(registry),
      connections: new WorkerConnections(store, () => Promise.reject(new Error('no worker is to be asked'))),
      logger: {warn() {}, info() {}, debug() {}},
    }
    const isPostgres = store.dialect === 'postgres'
    const number = isPostgres
      ? `SELECT generate_series(1, ${WORKERS}) AS i`
      : `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${WORKERS}) SELECT i FROM n`
    const id = (prefix: string) =>
      isPostgres ? `CAST(CONCAT('${prefix}-0000-4000-8000-', lpad(CAST(i AS text), 12, '0')) AS uuid)` : `printf('${prefix}-0000-4000-8000-%012d', i)`
    await store.query(
      `INSERT INTO workers (id, name, hostname, port, username, slots) SELECT ${id('00000000')}, 'w-' || i, 'host-' || i, 22, 'ci', 4 FROM (${number}) AS numbers`,
    )
    for (const [index, name] of ['qwen3:8b', 'phi4:latest', 'gemma3:latest'].entries()) {
      await store.query(
        `INSERT INTO models (id, worker_id, provider, name, size_bytes, source) SELECT ${id(`1000000${index}`)}, ${id('00000000')}, 'ollama', ?, 5000000000, 'deployed' FROM (${number}) AS numbers`,
        [name],
      )
    }
  })
  afterEach(() => queue.store.close())

  const look = (filter: object = {}) =>
    lookUpModels(context, {...filter, refresh: false, signal: AbortSignal.timeout(60_000), onFailure: () => {}, onAway: () => {}})

  test('are read from the store alone, in a moment, and are a line for each model', async () => {
    await look()
    const since = performance.now()
    const models = await look()
    expect(performance.now() - since).toBeLessThan(2000)
    expect(models).toHaveLength(3 * WORKERS)
    expect(groupByModel(models).map(({model, workers, sizeBytes}) => [model, workers.length, sizeBytes])).toEqual([
      ['ollama/gemma3:latest', WORKERS, 5_000_000_000],
      ['ollama/phi4:latest', WORKERS, 5_000_000_000],
      ['ollama/qwen3:8b', WORKERS, 5_000_000_000],
    ])
    expect((await look({worker: 'w-500'})).map(({model}) => model)).toEqual(['ollama@w-500/gemma3:latest', 'ollama@w-500/phi4:latest', 'ollama@w-500/qwen3:8b'])
    await expect(look({worker: 'w-5000'})).rejects.toMatchObject({code: 'WORKER_NOT_FOUND', hint: expect.stringMatching(/^Did you mean/)})
  })
})
