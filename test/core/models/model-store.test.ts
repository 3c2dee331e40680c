import {afterEach, beforeEach, expect, test} from '@jest/globals'
import {listModels, recordModel, syncModels} from '../../../src/core/models/model-store.js'
import {deleteWorker, ensureLocalWorker} from '../../../src/core/workers/worker-store.js'
import {HOST, TestQueue} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'

describeStores('the models that are known', (newStore) => {
  let queue: TestQueue
  let ids: Record<string, string>

  beforeEach(async () => {
    queue = await TestQueue.open(await newStore())
    for (const name of ['gpu-1', 'gpu-2']) await queue.addWorker(name)
    await ensureLocalWorker(queue.store, HOST)
    await ensureLocalWorker(queue.store, 'another-host')
    ids = Object.fromEntries((await queue.workers()).map(({name, id}) => [name, id]))
  })
  afterEach(() => queue.store.close())

  const names = async (filter = {}) => (await listModels(queue.store, HOST, filter)).map(({worker, provider, name, source}) => [worker, provider, name, source])

  test('are kept with their place, their size and how they came there', async () => {
    const model = {provider: 'ollama', name: 'qwen3:8b', sizeBytes: 40_000_000_000, digest: 'abc'}
    await recordModel(queue.store, ids['gpu-1']!, model, 'deployed')
    expect(await listModels(queue.store, HOST)).toEqual([
      {
        ...{provider: 'ollama', name: 'qwen3:8b', worker: 'gpu-1', worker_status: 'active', size_bytes: 40_000_000_000, digest: 'abc', source: 'deployed'},
        ...{created_at: expect.anything(), seen_at: expect.anything()},
      },
    ])
  })

  test('stand once for each place, also where only the provider knows it, and keep how they came there when they are found', async () => {
    for (const source of ['discovered', 'pulled', 'discovered'] as const) {
      for (const worker of [ids['gpu-1']!, ids['gpu-2']!, null]) await recordModel(queue.store, worker, {provider: 'ollama', name: 'm'}, source)
    }
    expect(await names()).toHaveLength(3)
    expect((await names()).map(([, , , source]) => source)).toEqual(['pulled', 'pulled', 'pulled'])
    expect(await names({worker: 'gpu-2'})).toEqual([['gpu-2', 'ollama', 'm', 'pulled']])
    expect(await names({provider: 'vllm'})).toEqual([])
  })

  test('become those that a worker is found to have, and no other worker or provider is touched', async () => {
    await recordModel(queue.store, ids['gpu-1']!, {provider: 'ollama', name: 'old', sizeBytes: 1}, 'pulled')
    await recordModel(queue.store, ids['gpu-1']!, {provider: 'ollama', name: 'kept', sizeBytes: 2}, 'pulled')
    await recordModel(queue.store, ids['gpu-1']!, {provider: 'llamacpp', name: '/m.gguf'}, 'deployed')
    await recordModel(queue.store, ids['gpu-2']!, {provider: 'ollama', name: 'old'}, 'pulled')
    await syncModels(queue.store, ids['gpu-1']!, 'ollama', [{name: 'kept'}, {name: 'new', sizeBytes: 3, digest: 'd'}])
    expect(await names({worker: 'gpu-1'})).toEqual([
      ['gpu-1', 'llamacpp', '/m.gguf', 'deployed'],
      ['gpu-1', 'ollama', 'kept', 'pulled'],
      ['gpu-1', 'ollama', 'new', 'discovered'],
    ])
    expect((await listModels(queue.store, HOST, {worker: 'gpu-1', provider: 'ollama'})).map(({size_bytes}) => size_bytes)).toEqual([2, 3])
    expect(await names({worker: 'gpu-2'})).toEqual([['gpu-2', 'ollama', 'old', 'pulled']])
  })

  test('of another machine are not shown, and those of a worker go with it', async () => {
    const [other] = await queue.store.query<{id: string}>(`SELECT id FROM workers WHERE host_id = 'another-host'`)
    await recordModel(queue.store, other!.id, {provider: 'ollama', name: 'not-here'}, 'pulled')
    await recordModel(queue.store, ids.local!, {provider: 'ollama', name: 'here'}, 'pulled')
    await recordModel(queue.store, ids['gpu-1']!, {provider: 'ollama', name: 'there'}, 'pulled')
    const worker = (await queue.workers()).find(({name}) => name === 'gpu-1')!
    await deleteWorker(queue.store, worker)
    expect(await names()).toEqual([['local', 'ollama', 'here', 'pulled']])
  })
})
