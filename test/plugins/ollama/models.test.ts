import {describe, expect, test} from '@jest/globals'
import type {PullProgress} from '../../../src/core/providers/provider.js'
import {waitFor} from '../../fixtures/wait-for.js'
import {OllamaServer, refuses, streams, toLines} from './ollama-server.js'

async function pull(server: OllamaServer, model: string, configured: object = {}): Promise<PullProgress[]> {
  const steps: PullProgress[] = []
  for await (const step of (await server.open(configured)).pullModel?.(model) ?? []) steps.push(step)
  return steps
}

describe('the models of Ollama', () => {
  const models = [
    {name: 'qwen3:8b', model: 'qwen3:8b', size: 5_225_387_923, modified_at: '2026-01-02T03:04:05Z', details: {family: 'qwen3', context_length: 40_960}},
    {name: 'old:latest', size: 1, modified_at: '2024-01-02T03:04:05+01:00', details: {family: 'llama'}},
  ]

  test('are listed with size, date, and the context where Ollama tells it', async () => {
    await using server = await OllamaServer.start((response) => response.end(JSON.stringify({models}, undefined, 2)))
    expect(await (await server.open({}, {apiKey: 'a-key-of-mine'})).listModels()).toEqual([
      {id: 'qwen3:8b', contextTokens: 40_960, sizeBytes: 5_225_387_923, modifiedAt: '2026-01-02T03:04:05Z'},
      {id: 'old:latest', sizeBytes: 1, modifiedAt: '2024-01-02T03:04:05+01:00'},
    ])
    expect(server.requests.map(({route}) => route)).toEqual(['GET /api/tags'])
    expect(server.requests[0]?.headers.authorization).toBe('Bearer a-key-of-mine')
  })

  test('may be none', async () => {
    await using server = await OllamaServer.start((response) => response.end('{"models":[]}'))
    const provider = await server.open()
    expect(await provider.listModels()).toEqual([])
    await provider.validateConfig()
  })
})

describe('a model that is fetched', () => {
  const layer = (digest: string, total: number, completed?: number) => ({status: `pulling ${digest}`, digest, total, ...(completed && {completed})})

  test('reports what it does, with the bytes of all layers so far', async () => {
    const lines = [layer('a', 100), layer('a', 100, 60), layer('a', 100, 100), layer('b', 10, 10)]
    await using server = await OllamaServer.start(streams({status: 'pulling manifest'}, ...lines, {status: 'verifying sha256 digest'}, {status: 'success'}))
    expect(await pull(server, 'hf.co/owner/model:Q4')).toEqual([
      {status: 'pulling manifest'},
      {status: 'pulling a', completedBytes: 0, totalBytes: 100},
      {status: 'pulling a', completedBytes: 60, totalBytes: 100},
      {status: 'pulling a', completedBytes: 100, totalBytes: 100},
      {status: 'pulling b', completedBytes: 110, totalBytes: 110},
      {status: 'verifying sha256 digest', completedBytes: 110, totalBytes: 110},
      {status: 'success', completedBytes: 110, totalBytes: 110},
    ])
    expect(server.requests[0]).toMatchObject({route: 'POST /api/pull', body: {name: 'hf.co/owner/model:Q4', stream: true}})
  })

  test('and that nobody has is a usage error', async () => {
    await using server = await OllamaServer.start(streams({status: 'pulling manifest'}, {error: 'pull model manifest: file does not exist'}))
    await expect(pull(server, 'no-such')).rejects.toMatchObject({
      kind: 'usage',
      code: 'MODEL_UNKNOWN',
      message: expect.stringContaining('ollama has no model no-such'),
      hint: expect.stringContaining('ollama.com'),
    })
  })

  test('and whose name is wrong is a usage error', async () => {
    await using server = await OllamaServer.start(refuses(400, 'invalid model name'))
    await expect(pull(server, 'a//b')).rejects.toMatchObject({kind: 'usage', message: expect.stringContaining('invalid model name')})
  })

  test('and fails on the way says why', async () => {
    await using server = await OllamaServer.start(streams(layer('a', 100, 1), {error: 'write /models/a-partial: no space left on device'}))
    await expect(pull(server, 'm')).rejects.toMatchObject({kind: 'unavailable', message: expect.stringContaining('no space left on device')})
  })

  test('and does not come to its end has failed', async () => {
    await using server = await OllamaServer.start(streams({status: 'pulling manifest'}, layer('a', 100, 99)))
    await expect(pull(server, 'm')).rejects.toMatchObject({kind: 'unavailable', code: 'STREAM_CUT'})
  })

  test('may be silent for long once it has begun, but must begin', async () => {
    const verified = Promise.withResolvers<void>()
    await using server = await OllamaServer.start(
      async (response) => {
        response.write(toLines({status: 'verifying sha256 digest'}))
        await verified.promise
        response.end(toLines({status: 'success'}))
      },
      () => {},
    )
    const timeouts = {first_token: 0.2, idle: 0.01}
    const pulling = pull(server, 'm', {timeouts})
    // The second request outlasts the first one's limits: it is given up for its own silence.
    await waitFor('the first request', () => server.requests.length === 1)
    await expect(pull(server, 'm', {timeouts})).rejects.toMatchObject({kind: 'unavailable', code: 'TIMEOUT'})
    verified.resolve()
    expect(await pulling).toEqual([{status: 'verifying sha256 digest'}, {status: 'success'}])
  })

  test.each([
    ['by a signal', true],
    ['by whoever reads', false],
  ])('is given up on the wire when it is cancelled %s', async (_, bySignal) => {
    await using server = await OllamaServer.start((response) => response.write(toLines({status: 'pulling manifest'})))
    const controller = new AbortController()
    const steps = (await server.open()).pullModel?.('m', {signal: controller.signal})[Symbol.asyncIterator]()
    expect(await steps?.next()).toEqual({done: false, value: {status: 'pulling manifest'}})
    if (bySignal) {
      controller.abort()
      await expect(steps?.next()).rejects.toMatchObject({kind: 'interrupted', code: 'CANCELLED'})
    } else {
      await steps?.return?.()
    }
    await waitFor('the request is given up', () => server.givenUp.length === 1)
  })
})
