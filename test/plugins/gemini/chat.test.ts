import {inspect} from 'node:util'
import {describe, expect, it} from '@jest/globals'
import type {GenerationResponse, LLMProvider, Message} from '../../../src/core/providers/provider.js'
import {FakeServer} from '../../../src/core/providers/testing/fake-server.js'
import {answerWith, cutAfter} from '../../../src/core/providers/testing/replies.js'
import gemini from '../../../src/plugins/gemini/plugin.js'
import {ask, KEY, openProvider, QUESTION} from '../../fixtures/replay.js'
import {chunk, sse} from './gemini-wire.js'

const plugin = await gemini()
const STREAM = {contentType: 'text/event-stream'}
const JSON_BODY = {contentType: 'application/json; charset=UTF-8'}
const HALLO = chunk([{text: 'Hallo'}])
const STOP = chunk([], {finishReason: 'STOP'})

/** Runs with a server and a provider for it. */
async function withServer(run: (provider: LLMProvider, server: FakeServer) => Promise<void>): Promise<void> {
  const server = await new FakeServer().start()
  try {
    await run(await openProvider(plugin, server), server)
  } finally {
    await server.close()
  }
}

describe('the plugin', () => {
  it('takes the key from GEMINI_API_KEY, then from GOOGLE_API_KEY', () => {
    expect(plugin.keyVariables).toEqual(['GEMINI_API_KEY', 'GOOGLE_API_KEY'])
  })

  it('says what models cost', async () => {
    const {date, models} = await plugin.prices!()
    expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
    for (const {input, output, cachedInput = 0} of Object.values(models)) expect(0 <= cachedInput && cachedInput < input && input < output).toBe(true)
  })
})

describe('the key', () => {
  it('is not sent where there is none', async () => {
    const {sent, text} = await ask(plugin, answerWith([HALLO, STOP], STREAM), QUESTION, {apiKey: undefined})
    expect(text).toBe('Hallo')
    expect(sent.headers).not.toHaveProperty('x-goog-api-key')
  })

  it('is refused without being told where no header can carry it', async () => {
    const {error, sent} = await ask(plugin, answerWith([HALLO, STOP], STREAM), QUESTION, {apiKey: 'AIza-line\nbreak'})
    expect(error).toMatchObject({kind: 'denied', code: 'KEY_REFUSED'})
    expect(inspect(error, {depth: 9})).not.toContain("break'")
    expect(sent).toBeUndefined()
  })

  it('does not follow a redirect to another server', async () => {
    const other = await new FakeServer().start()
    other.reply(answerWith([HALLO, STOP], STREAM))
    const {error} = await ask(plugin, answerWith([''], {...JSON_BODY, status: 307, headers: {location: `${other.url}/v1`}}))
    expect(error).toMatchObject({kind: 'config', code: 'ENDPOINT_WRONG'})
    expect(other.requests).toEqual([])
    await other.close()
  })
})

describe('the end of an answer', () => {
  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['CONTINUATION', 'length'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['BLOCKLIST', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['SPII', 'content_filter'],
    ['LANGUAGE', 'content_filter'],
  ])('%s is %s', async (reason, finish) => {
    expect(await ask(plugin, answerWith([HALLO, chunk([], {finishReason: reason})], STREAM))).toMatchObject({finish, text: 'Hallo'})
  })

  it.each([
    ['MALFORMED_FUNCTION_CALL', 'unavailable', 2],
    ['UNEXPECTED_TOOL_CALL', 'unavailable', 2],
    ['OTHER', 'unavailable', 2],
    ['SOMETHING_NEW', 'unavailable', 2],
    ['MISSING_THOUGHT_SIGNATURE', 'usage', 1],
    ['PUP_LIMITED_DISABLED', 'denied', 1],
  ])('%s is an error of kind %s, asked for %i times', async (reason, kind, requests) => {
    await withServer(async (_, server) => {
      server.reply(answerWith([chunk([], {finishReason: reason, finishMessage: 'print(look())'})], STREAM))
      const provider = await openProvider(plugin, server, {retries: 1})
      await expect(provider.generateWithTools(QUESTION)).rejects.toMatchObject({kind, message: expect.stringContaining(`${reason}: print(look())`)})
      expect(server.requests.length).toBe(requests)
    })
  })

  it.each(['', null, 'FINISH_REASON_UNSPECIFIED'])('is not a finish reason of %j', async (reason) => {
    const {error, text} = await ask(plugin, answerWith([HALLO, chunk([], {finishReason: reason})], STREAM))
    expect([error?.code, text]).toEqual(['STREAM_CUT', 'Hallo'])
  })

  it('is not lost with a connection that is lost after it', async () => {
    expect(await ask(plugin, cutAfter([HALLO, STOP], STREAM))).toMatchObject({finish: 'stop', text: 'Hallo'})
  })

  it('of a prompt that was blocked is told by the block, whatever else is said', async () => {
    const blocked = sse({promptFeedback: {blockReason: 'SAFETY'}, candidates: [{finishReason: 'STOP'}]})
    expect(await ask(plugin, answerWith([blocked], STREAM))).toMatchObject({finish: 'content_filter', text: ''})
  })
})

describe('an answer that is too long for one request', () => {
  it('is asked for to its end, and counted as a whole', async () => {
    await withServer(async (provider, server) => {
      const usage = (prompt: number, answer: number) => sse({usageMetadata: {promptTokenCount: prompt, candidatesTokenCount: answer, thoughtsTokenCount: 1}})
      server.reply(
        answerWith([chunk([{text: 'Es war '}], {finishReason: 'CONTINUATION', continuationToken: 'next'}), usage(10, 3)], STREAM),
        answerWith([chunk([{text: 'einmal.'}]), STOP, usage(13, 2)], STREAM),
      )
      const {text, usage: used, finishReason} = await provider.generate({model: 'gemini-4-argon', messages: QUESTION.messages, maxTokens: 100_000})
      expect({text, used, finishReason}).toEqual({text: 'Es war einmal.', used: {inputTokens: 23, outputTokens: 7, reasoningTokens: 2}, finishReason: 'stop'})
      const [first, second] = server.requests.map(({body}) => JSON.parse(body))
      expect(second).toEqual({...first, continuationToken: 'next'})
    })
  })

  it('is cut where its rest does not come', async () => {
    await withServer(async (provider, server) => {
      server.reply(answerWith([chunk([{text: 'Es war '}], {finishReason: 'CONTINUATION', continuationToken: 'next'})], STREAM), answerWith([HALLO], STREAM))
      await expect(provider.generate(QUESTION)).rejects.toMatchObject({code: 'STREAM_CUT'})
    })
  })
})

describe('the next request of a conversation', () => {
  const next = async (parts: object[][], model: string): Promise<unknown> => {
    let sent: unknown
    await withServer(async (provider, server) => {
      server.reply(answerWith([...parts.map((piece) => chunk(piece)), STOP], STREAM))
      const first: GenerationResponse = await provider.generateWithTools({...QUESTION, model: 'gemini-3.8-flash'})
      const results: Message[] = first.toolCalls.map(({id}) => ({role: 'tool', toolCallId: id, content: 'rain'}))
      // Kept and read again, as a session is.
      const messages: Message[] = JSON.parse(JSON.stringify([...QUESTION.messages, first.message, ...results]))
      await provider.generateWithTools({...QUESTION, model, messages})
      sent = JSON.parse(server.requests[1]!.body).contents[1].parts
    })
    return sent
  }

  it('has every part as it came', async () => {
    const signed = [
      {text: 'Hm.', thought: true, thoughtSignature: 'one'},
      {text: 'Moment.', thoughtSignature: 'two'},
      {functionCall: {id: 'fc-1', name: 'weather', args: {location: 'Köln'}}, thoughtSignature: 'three'},
      {functionCall: {id: 'fc-2', name: 'weather', args: {}}},
      {text: '', thoughtSignature: 'four'},
      {text: '', thoughtSignature: 'five'},
    ]
    expect(
      await next(
        signed.map((part) => [part]),
        'gemini-3.8-flash',
      ),
    ).toEqual(signed)
    expect(await next([signed], 'gemini-3.8-flash')).toEqual(signed)
  })

  it('has the stand-in for calls that another model made, and nothing that only that one can read', async () => {
    const parts = [
      [
        {text: 'Hm.', thought: true, thoughtSignature: 'one'},
        {functionCall: {id: 'fc-1', name: 'weather', args: {}}, thoughtSignature: 'two'},
      ],
    ]
    const call = {functionCall: {id: 'fc-1', name: 'weather', args: {}}}
    expect(await next(parts, 'gemini-4-argon')).toEqual([{text: 'Hm.'}, {...call, thoughtSignature: 'skip_thought_signature_validator'}])
    expect(await next(parts, 'gemini-2.5-flash')).toEqual([{text: 'Hm.'}, call])
  })
})

describe('a schema', () => {
  const schema = {type: 'object', properties: {city: {type: 'string'}}}

  it.each([
    ['gemini-3.8-flash', true],
    ['gemini-2.5-flash', false],
  ])('goes with tools to %s by its own means: %s', async (model, own) => {
    await withServer(async (provider, server) => {
      server.reply(answerWith([chunk([{text: own ? '{}' : '```json\n{}\n```'}]), STOP], STREAM))
      const {text} = await provider.generateWithTools({...QUESTION, model, schema})
      expect(text).toBe('{}')
      const {generationConfig, systemInstruction} = JSON.parse(server.requests[0]!.body)
      expect(generationConfig).toEqual(own ? {responseMimeType: 'application/json', responseJsonSchema: schema} : undefined)
      expect(JSON.stringify(systemInstruction ?? '').includes('JSON Schema')).toBe(!own)
      await provider.generate({model, messages: QUESTION.messages, schema})
      expect(JSON.parse(server.requests[1]!.body).generationConfig.responseJsonSchema).toEqual(schema)
    })
  })
})

describe('the models', () => {
  it('are listed page by page, those that can be talked to', async () => {
    await withServer(async (provider, server) => {
      const model = (id: string, method = 'generateContent') => ({name: `models/${id}`, inputTokenLimit: 1000, supportedGenerationMethods: [method]})
      server.reply(
        answerWith([JSON.stringify({models: [model('a'), model('embed', 'embedContent')], nextPageToken: 'p/2'})], JSON_BODY),
        answerWith([JSON.stringify({models: [{name: 'models/b'}]})], JSON_BODY),
      )
      expect(await provider.listModels()).toEqual([{id: 'a', contextTokens: 1000}, {id: 'b'}])
      expect(server.requests.map(({method, path}) => `${method} ${path}`)).toEqual([
        'GET /v1/models?pageSize=1000',
        'GET /v1/models?pageSize=1000&pageToken=p%2F2',
      ])
      expect(server.requests[1]!.headers['x-goog-api-key']).toBe(KEY)
    })
  })

  it.each(['{}', '[]', '{"models":[{"id":"x"}]}', '{"models":{}}', 'null', ''])('are not what %j says: the address is wrong', async (body) => {
    await withServer(async (provider, server) => {
      server.reply(answerWith([body], JSON_BODY))
      await expect(provider.listModels()).rejects.toMatchObject({kind: 'config', code: 'ENDPOINT_WRONG'})
    })
  })
})
