import {expect, test} from '@jest/globals'
import {query} from '../../../src/core/data/sql.js'
import type {Store} from '../../../src/core/data/store.js'
import type {AdapterEvent} from '../../../src/core/providers/answer-assembler.js'
import {BaseProvider} from '../../../src/core/providers/base-provider.js'
import type {ChatRequest, ModelInfo, ProviderCapabilities, ProviderEvent} from '../../../src/core/providers/provider.js'
import {ProviderError} from '../../../src/core/providers/provider-error.js'
import {ProviderRegistry} from '../../../src/core/providers/provider-registry.js'
import {Credentials} from '../../../src/core/security/credentials.js'
import {type AskOptions, askModel, type Question} from '../../../src/core/sessions/ask-model.js'
import {openTestStore} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'

type Turn = (AdapterEvent | Error)[]

/** Says what the test wants said, one turn a request. */
class ScriptedProvider extends BaseProvider {
  readonly requests: ChatRequest[] = []
  turns: Turn[] = []

  protected async *respond(request: ChatRequest): AsyncGenerator<AdapterEvent> {
    this.requests.push(structuredClone(request))
    for (const event of this.turns[this.requests.length - 1] ?? []) {
      if (event instanceof Error) throw event
      yield event
    }
  }

  protected override fetchModels(): Promise<ModelInfo[]> {
    return Promise.resolve([])
  }

  getCapabilities(): ProviderCapabilities {
    return {tools: true, reasoning: true, schema: true, images: true, documents: true}
  }
}

const finish = (reason: 'stop' | 'length' | 'tool_calls' | 'refusal' | 'content_filter'): AdapterEvent => ({type: 'finish', reason})
const call = (name: string, args: string, id = 'call_a'): AdapterEvent[] => [
  {type: 'tool_call_start', id, name},
  {type: 'tool_call_delta', id, arguments: args},
  {type: 'tool_call_end', id},
]
const weather = {name: 'weather', parameters: {type: 'object', properties: {city: {type: 'string'}}, required: ['city']}}

interface Asked {
  answer: Awaited<ReturnType<typeof askModel>> | undefined
  error: unknown
  events: ProviderEvent[]
  requests: ChatRequest[]
}

describeStores('asking a model', (newStore) => {
  async function ask(
    turns: Turn[],
    question: Partial<Question> = {},
    options: Partial<AskOptions> = {},
  ): Promise<Asked & {sessions: Record<string, unknown>[]}> {
    let store: Store | undefined
    let provider: ScriptedProvider | undefined
    const events: ProviderEvent[] = []
    const providers = new ProviderRegistry({
      plugins: [
        {
          apiVersion: 1,
          id: 'scripted',
          label: 'Scripted',
          settings: {},
          keyVariables: [],
          keyRequired: false,
          open: async (opened) => {
            provider = new ScriptedProvider({...opened, retries: 0})
            provider.turns = turns
            return provider
          },
        },
      ],
      configured: {},
      placeOf: () => 'helix.json',
      credentials: new Credentials({configDir: '/nowhere', dataDir: '/nowhere'}),
      env: {},
      dataDir: '/nowhere',
    })
    const url = await newStore()
    const context = {providers, store: async () => (store ??= await openTestStore(url))}
    const asked = {model: 'scripted/wise', prompt: 'what?', ...question}
    const outcome = await askModel(context, asked, {client: 'cli', onEvent: (event) => events.push(event), ...options}).then(
      (answer) => ({answer, error: undefined}),
      (error: unknown) => ({answer: undefined, error}),
    )
    const opened = await context.store()
    const sessions = await query(
      opened.knex,
      `SELECT sessions.id, title, provider, model, client, seq, role, content, finish_reason, usage FROM sessions JOIN messages ON session_id = sessions.id ORDER BY seq`,
    )
    await opened.close()
    return {...outcome, events, requests: provider?.requests ?? [], sessions}
  }

  test('keeps question and answer as a session', async () => {
    const {answer, sessions} = await ask(
      [
        [
          {type: 'reasoning', text: 'hm', signature: {opaque: 1}},
          {type: 'text', text: 'be'},
          {type: 'text', text: 'cause \u0000 ✓'},
          {type: 'usage', usage: {inputTokens: 3, outputTokens: 2}},
          finish('stop'),
        ],
      ],
      {system: 'be brief', attachments: [{type: 'attachment', name: 'dot.png', mediaType: 'image/png', data: Buffer.from('png')}]},
    )
    expect(answer).toMatchObject({text: 'because \u0000 ✓', reasoning: 'hm', finishReason: 'stop', usage: {inputTokens: 3, outputTokens: 2}})
    expect(answer).not.toHaveProperty('problem')
    expect(sessions.map((row) => [row.id, row.seq, row.role, row.finish_reason])).toEqual([
      [answer?.sessionId, 1, 'system', null],
      [answer?.sessionId, 2, 'user', null],
      [answer?.sessionId, 3, 'assistant', 'stop'],
    ])
    expect(sessions[0]).toMatchObject({title: 'what?', provider: 'scripted', model: 'wise', client: 'cli'})
    const contents = sessions.map((row) => JSON.parse(String(row.content)).content)
    expect(contents[1]).toEqual([
      {type: 'attachment', name: 'dot.png', mediaType: 'image/png', data: Buffer.from('png').toString('base64')},
      {type: 'text', text: 'what?'},
    ])
    expect(contents[2]).toEqual([
      {type: 'reasoning', text: 'hm', signature: {opaque: 1}},
      {type: 'text', text: 'because \u0000 ✓'},
    ])
    expect(JSON.parse(String(sessions[2]?.usage))).toEqual({inputTokens: 3, outputTokens: 2})
  })

  test('keeps what had come when the answer is cut off, and nothing of a request that was refused', async () => {
    const cut = await ask([[{type: 'text', text: 'half of'}]])
    expect(cut.error).toMatchObject({code: 'STREAM_CUT', kind: 'unavailable'})
    expect(cut.sessions.map((row) => [row.role, row.finish_reason, JSON.parse(String(row.content)).content])).toEqual([
      ['user', null, 'what?'],
      ['assistant', 'error', [{type: 'text', text: 'half of'}]],
    ])
    const refused = await ask([[new ProviderError('denied', 'no', {code: 'KEY_REFUSED'})]])
    expect(refused.error).toMatchObject({code: 'KEY_REFUSED'})
    expect(refused.sessions).toEqual([])
  })

  test('tells a model what is wrong with its tool calls, until they are right', async () => {
    const {answer, requests, sessions} = await ask(
      [
        [...call('weather', '{"city":', 'a'), ...call('wether', '{}', 'b'), finish('tool_calls')],
        [...call('weather', '{"city":1}', 'c'), ...call('weather', '{"city":"Rome"}', 'd'), finish('tool_calls')],
        [...call('weather', '{"city":"Bern"}', 'e'), finish('tool_calls')],
      ],
      {tools: [weather]},
    )
    expect(answer?.toolCalls).toEqual([{type: 'tool_call', id: 'e', name: 'weather', arguments: '{"city":"Bern"}'}])
    expect(answer).not.toHaveProperty('problem')
    const told = requests.at(-1)?.messages.flatMap((message) => (message.role === 'tool' ? [[message.toolCallId, message.content]] : []))
    expect(told).toEqual([
      ['a', expect.stringMatching(/^the arguments are not JSON/)],
      ['b', 'there is no tool "wether"; there are: weather'],
      ['c', expect.stringMatching(/city must be string/)],
      ['d', expect.stringMatching(/^not run/)],
    ])
    expect(sessions.map((row) => [row.seq, row.role, row.finish_reason])).toEqual([
      [1, 'user', null],
      [2, 'assistant', 'tool_calls'],
      [3, 'tool', null],
      [4, 'tool', null],
      [5, 'assistant', 'tool_calls'],
      [6, 'tool', null],
      [7, 'tool', null],
      [8, 'assistant', 'tool_calls'],
    ])
  })

  test('gives up on a model that goes on calling wrongly', async () => {
    const wrong: Turn = [...call('weather', 'Bern'), finish('tool_calls')]
    const {answer, requests} = await ask([wrong, wrong, wrong, wrong], {tools: [weather]})
    expect(requests).toHaveLength(3)
    expect(answer?.problem).toMatchObject({code: 'TOOL_CALL_INVALID', message: expect.stringContaining('weather')})
    expect(new Set(requests.at(-1)?.messages.flatMap((message) => (message.role === 'tool' ? [message.toolCallId] : []))).size).toBe(2)
  })

  test.each([
    ['length', 'ANSWER_CUT'],
    ['content_filter', 'ANSWER_FILTERED'],
    ['refusal', 'ANSWER_REFUSED'],
  ] as const)('says that an answer that ended with %s is not whole', async (reason, code) => {
    const {answer, sessions} = await ask([[{type: 'text', text: 'so'}, finish(reason)]])
    expect(answer).toMatchObject({text: 'so', finishReason: reason, problem: {code}})
    expect(sessions.at(-1)).toMatchObject({role: 'assistant', finish_reason: reason})
  })

  test('checks the answer against the schema', async () => {
    const schema = {type: 'array', items: {type: 'string'}, minItems: 2}
    const answerTo = async (text: string) => (await ask([[{type: 'text', text}, finish('stop')]], {schema})).answer
    expect(await answerTo('["a","b"]')).not.toHaveProperty('problem')
    expect((await answerTo('["a"]'))?.problem).toMatchObject({code: 'SCHEMA_MISMATCH', message: expect.stringContaining('fewer than 2 items')})
    expect((await answerTo('a, b'))?.problem).toMatchObject({code: 'SCHEMA_MISMATCH', message: expect.stringContaining('not JSON')})
  })
})
