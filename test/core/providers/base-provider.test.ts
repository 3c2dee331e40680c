import {afterEach, beforeEach, describe, expect, it} from '@jest/globals'
import type {AdapterEvent, Arrival} from '../../../src/core/providers/answer-assembler.js'
import {BaseProvider} from '../../../src/core/providers/base-provider.js'
import type {ChatRequest, ModelInfo, ProviderCapabilities, ProviderEvent} from '../../../src/core/providers/provider.js'
import type {Clock, ProviderOptions} from '../../../src/core/providers/provider-plugin.js'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {InstantClock} from '../../../src/core/providers/testing/instant-clock.js'
import {readFailed, readFinished} from '../../../src/core/providers/testing/read-answer.js'
import {answerWith, stallAfter} from '../../../src/core/providers/testing/replies.js'
import {CAPABILITIES, LineProvider, lineWire} from './line-provider.js'

const REQUEST = {model: 'm', messages: [{role: 'user' as const, content: 'Hi'}]}
const HALLO = lineWire.answer([
  {type: 'text', text: 'Hallo'},
  {type: 'finish', reason: 'stop'},
])
const BUSY = answerWith(['later'], {contentType: 'text/plain', status: 503})

const server = new FakeServer()
beforeEach(() => server.start())
afterEach(() => server.close())

const runningTimers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

const open = (options: Partial<ProviderOptions> = {}) => new LineProvider(optionsFor(options))

function optionsFor(options: Partial<ProviderOptions>): ProviderOptions {
  return {
    id: 'lines',
    settings: {base_url: server.url},
    apiKey: 'key',
    fetch: globalThis.fetch,
    clock: new InstantClock(),
    timeouts: {connect: 1, firstToken: 5, idle: 5, total: 60},
    retries: 2,
    packageFolder: '',
    ...options,
  }
}

describe('waiting for another attempt', () => {
  const sleepFor = (milliseconds: number): Clock => ({
    now: Date.now,
    sleep: () => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  })

  it('may take longer than the first piece of an answer', async () => {
    server.reply(BUSY, answerWith(HALLO, lineWire))
    const provider = open({clock: sleepFor(3000), timeouts: {connect: 1, firstToken: 2, idle: 5, total: 60}})
    expect((await readFinished(provider.stream(REQUEST))).text).toBe('Hallo')
  })

  it('ends when the time for the whole answer is up', async () => {
    server.reply(BUSY)
    const clock = {...sleepFor(5000), sleep: () => new Promise<void>(() => {})}
    const provider = open({clock, timeouts: {connect: 1, firstToken: 5, idle: 5, total: 0.6}})
    expect((await readFailed(provider.stream(REQUEST))).error).toMatchObject({code: 'TIMEOUT', message: expect.stringContaining('0.6 s')})
    expect(server.requests.length).toBe(1)
  })

  it('is not begun when the time for the whole answer would be up before its end', async () => {
    server.reply(answerWith(['later'], {contentType: 'text/plain', status: 503, headers: {'retry-after': '30'}}))
    const clock = new InstantClock()
    const provider = open({clock, timeouts: {connect: 1, firstToken: 5, idle: 5, total: 20}})
    expect((await readFailed(provider.stream(REQUEST))).error).toMatchObject({kind: 'busy', code: 'PROVIDER_FAILED'})
    expect(clock.waits).toEqual([])
  })
})

describe('a call that is over', () => {
  it('leaves no timer that would keep the process alive, however it ended', async () => {
    const before = runningTimers()
    server.reply(answerWith(HALLO, lineWire))
    await readFinished(open().stream(REQUEST))
    expect(runningTimers()).toBe(before)

    // The answer goes on while nobody wants it any more.
    server.reply(answerWith([...HALLO.slice(0, 1), ...HALLO], lineWire))
    for await (const _ of open().stream(REQUEST)) break
    expect(runningTimers()).toBe(before)

    const controller = new AbortController()
    server.reply(stallAfter([], lineWire))
    const provider = new DeafProvider(optionsFor({}))
    const failed = readFailed(provider.stream(REQUEST, {signal: controller.signal}))
    const exchange = await server.exchange()
    controller.abort()
    await failed
    exchange.head(200, {'content-type': lineWire.contentType})
    await exchange.write(HALLO.join(''))
    exchange.end()
    await provider.hasEnded
    expect(runningTimers()).toBe(before)
  })
})

/** Does not react when its call is cancelled, and gets its answer later. */
class DeafProvider extends LineProvider {
  #end = () => {}
  readonly hasEnded = new Promise<void>((resolve) => {
    this.#end = resolve
  })

  protected override async *respond(request: ChatRequest): AsyncIterable<AdapterEvent> {
    try {
      yield* super.respond(request, new AbortController().signal)
    } finally {
      setImmediate(this.#end)
    }
  }
}

describe('a whole answer', () => {
  it('passes through generate with the reasoning, tools and schema that were asked for', async () => {
    server.reply(answerWith(HALLO, lineWire))
    const tools = [{name: 'look', parameters: {type: 'object'}}]
    await open().generateWithReasoning({model: 'm', prompt: 'Hi', reasoning: {effort: 'low'}, tools, maxTokens: 9})
    await open().generate({...REQUEST, schema: {type: 'object'}})
    const [first, second] = server.requests.map(({body}) => JSON.parse(body))
    expect(first).toEqual({...REQUEST, reasoning: {effort: 'low'}, maxTokens: 9, tools, toolChoice: 'auto'})
    expect(second).toEqual({...REQUEST, schema: {type: 'object'}, tools: [], toolChoice: 'none'})
  })

  it('is asked for in words where the schema is one that the provider has no means for', async () => {
    class OnlyObjects extends LineProvider {
      protected override takesSchema({schema}: ChatRequest): boolean {
        return schema?.type === 'object'
      }
    }
    server.reply(answerWith(HALLO, lineWire))
    for (const type of ['object', 'array']) await new OnlyObjects(optionsFor({})).generate({...REQUEST, schema: {type}})
    const [own, inWords] = server.requests.map(({body}) => JSON.parse(body))
    expect([own.schema, own.messages.length]).toEqual([{type: 'object'}, 1])
    expect([inWords.schema, inWords.messages[0].content]).toEqual([undefined, expect.stringContaining('{"type":"array"}')])
  })

  it('ends with its finish, whatever the adapter says afterwards', async () => {
    server.reply(answerWith([...HALLO, ...HALLO], lineWire))
    const events: ProviderEvent[] = []
    for await (const event of open().stream(REQUEST)) events.push(event)
    expect(events).toEqual([
      {type: 'text', text: 'Hallo'},
      {type: 'finish', reason: 'stop'},
    ])
  })
})

describe('events that arrive together', () => {
  class TogetherProvider extends BaseProvider {
    readonly #read: () => Iterable<AdapterEvent>

    constructor(read: () => Iterable<AdapterEvent>) {
      super(optionsFor({retries: 0}))
      this.#read = read
    }

    protected async *respond(): AsyncIterable<Arrival> {
      yield this.#read()
    }

    protected async fetchModels(): Promise<ModelInfo[]> {
      return []
    }

    getCapabilities(): ProviderCapabilities {
      return CAPABILITIES
    }
  }

  it('end with the finish among them', async () => {
    const provider = new TogetherProvider(() => [
      {type: 'text', text: 'Hal'},
      {type: 'text', text: 'lo'},
      {type: 'finish', reason: 'stop'},
      {type: 'text', text: ' again'},
    ])
    expect((await readFinished(provider.stream(REQUEST))).text).toBe('Hallo')
  })

  it('are passed on up to where reading them fails', async () => {
    const provider = new TogetherProvider(function* () {
      yield {type: 'text', text: 'Hal'}
      throw new Error('no line')
    })
    const {text, error} = await readFailed(provider.stream(REQUEST))
    expect(text).toBe('Hal')
    expect(error.message).toContain('the connection was cut')
  })

  it('stop where the call is cancelled', async () => {
    const controller = new AbortController()
    const provider = new TogetherProvider(() => [
      {type: 'text', text: 'Hal'},
      {type: 'text', text: 'lo'},
      {type: 'finish', reason: 'stop'},
    ])
    const events: ProviderEvent[] = []
    for await (const event of provider.stream(REQUEST, {signal: controller.signal})) {
      events.push(event)
      controller.abort()
    }
    expect(events).toEqual([
      {type: 'text', text: 'Hal'},
      {type: 'error', error: expect.objectContaining({code: 'CANCELLED'})},
    ])
  })
})
