import assert from 'node:assert/strict'
import type {GenerationRequest, Message, ToolChoice, ToolGenerationRequest} from '../../provider.js'
import {API_KEY, type Bench, type ConformanceCase, caseOf, type WiredSubject} from '../bench.js'
import type {RecordedRequest} from '../fake-server.js'
import type {ReadRequest} from '../provider-wire.js'
import {readFinished} from '../read-answer.js'
import {ask, CLOCK, finish, replyWith, TOOLS, texts, WEATHER} from '../samples.js'

const SCHEMA = {type: 'object', properties: {name: {type: 'string'}}, required: ['name'], additionalProperties: false}
const PIXELS = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0xff, 0x00])

const CONVERSATION: Message[] = [
  {role: 'system', content: 'Be brief.'},
  {role: 'user', content: 'Ünïcödé?\n"Yes" \\ no'},
  {role: 'assistant', content: 'Yes.'},
  {role: 'user', content: [{type: 'text', text: 'And now?'}]},
]

const ROUND_TRIP: Message[] = [
  {role: 'user', content: 'What is it like in Köln?'},
  {
    role: 'assistant',
    content: [
      {type: 'text', text: 'I look it up.'},
      {type: 'tool_call', id: 'call_a', name: WEATHER.name, arguments: '{"city":"Köln"}'},
      {type: 'tool_call', id: 'call_b', name: CLOCK.name, arguments: '{}'},
    ],
  },
  {role: 'tool', toolCallId: 'call_a', content: 'rain ☔'},
  {role: 'tool', toolCallId: 'call_b', content: 'the clock is broken', isError: true},
]

/** What a server gets to see of a request. */
export function requestCases(subject: WiredSubject): ConformanceCase[] {
  const {wire, model, capabilities} = subject

  async function send(bench: Bench, request: Partial<ToolGenerationRequest>): Promise<ReadRequest> {
    bench.server.reply(replyWith(wire, [...texts(['{}']), finish()]))
    const {tools, ...rest}: GenerationRequest & Partial<ToolGenerationRequest> = {...ask(model), ...request}
    const provider = await bench.open()
    await readFinished(tools ? provider.streamWithTools({...rest, tools}) : provider.stream(rest))
    const [sent, ...more] = bench.server.requests
    assert.ok(sent && more.length === 0, 'one request is sent')
    assert.ok(!sent.path.includes(API_KEY), 'the API key is not in the address')
    return wire.read(sent)
  }

  const cases = [
    caseOf(subject, 'a request says what was asked for, and no more', async (bench) => {
      const read = await send(bench, {messages: CONVERSATION})
      assert.equal(read.model, model)
      assert.deepEqual(
        read.messages.map(({role, text}) => ({role, text})),
        [
          {role: 'system', text: 'Be brief.'},
          {role: 'user', text: 'Ünïcödé?\n"Yes" \\ no'},
          {role: 'assistant', text: 'Yes.'},
          {role: 'user', text: 'And now?'},
        ],
      )
      assert.deepEqual(read.tools, [])
      for (const absent of ['schema', 'maxTokens', 'temperature', 'reasoning'] as const) assert.equal(read[absent], undefined, absent)
    }),
    caseOf(subject, 'the API key is sent as the server wants it', async (bench) => {
      assert.equal((await send(bench, {})).apiKey, API_KEY)
    }),
    caseOf(subject, 'max_tokens and temperature are sent, a temperature of 0 too', async (bench) => {
      const read = await send(bench, {maxTokens: 77, temperature: 0})
      assert.equal(read.maxTokens, 77)
      assert.equal(read.temperature, 0)
    }),
  ]
  if (capabilities.reasoning) {
    cases.push(
      caseOf(subject, 'reasoning is asked for, by effort or by budget', async (bench) => {
        const byEffort = await send(bench, {reasoning: {effort: 'high'}})
        assert.notEqual(byEffort.reasoning, undefined)
        assert.notEqual((await send(bench, {reasoning: {budget: 4096}})).reasoning, undefined)
        assert.notDeepEqual((await send(bench, {reasoning: {effort: 'none'}})).reasoning, byEffort.reasoning)
      }),
    )
  }
  if (capabilities.schema) {
    cases.push(
      caseOf(subject, 'a schema is sent', async (bench) => {
        assert.deepEqual((await send(bench, {schema: SCHEMA})).schema, SCHEMA)
      }),
    )
  }
  if (!capabilities.schema) {
    cases.push(
      caseOf(subject, 'a schema is put in words, and what is put around the JSON taken off', async (bench) => {
        const provider = await bench.open()
        bench.server.reply(replyWith(wire, [...texts(['```json\n{"na', 'me": "Ö"}', '\n```']), finish()]))
        const {text} = await provider.generate({...ask(model), schema: SCHEMA})
        assert.equal(text, '{"name": "Ö"}')
        const said = wire.read(bench.server.requests[0] as RecordedRequest).messages.map((message) => message.text)
        assert.ok(said.join('\n').includes(JSON.stringify(SCHEMA)))
      }),
    )
  }
  if (capabilities.images) {
    cases.push(
      caseOf(subject, 'an image is sent with its text', async (bench) => {
        const image = {type: 'attachment', name: 'dot.png', mediaType: 'image/png', data: PIXELS} as const
        const read = await send(bench, {messages: [{role: 'user', content: [{type: 'text', text: 'What is that?'}, image]}]})
        assert.equal(read.messages[0]?.text, 'What is that?')
        assert.deepEqual(read.messages[0]?.images, [Buffer.from(PIXELS).toString('base64')])
      }),
    )
  }
  if (!capabilities.tools) return cases
  const choices: ToolChoice[] = wire.hasToolChoice ? ['none', 'required', {name: CLOCK.name}] : []
  return [
    ...cases,
    ...choices.map((toolChoice) =>
      caseOf(subject, `the choice of tools ${JSON.stringify(toolChoice)} is sent`, async (bench) => {
        assert.deepEqual((await send(bench, {tools: TOOLS, toolChoice})).toolChoice, toolChoice)
      }),
    ),
    caseOf(subject, 'tools are offered', async (bench) => {
      assert.deepEqual((await send(bench, {tools: TOOLS})).tools, [WEATHER.name, CLOCK.name])
    }),
    caseOf(subject, 'calls and their results are sent back as they were', async (bench) => {
      const [, called, first, second] = (await send(bench, {tools: TOOLS, messages: ROUND_TRIP})).messages
      const ids = wire.hasToolIds ? ['call_a', 'call_b'] : [WEATHER.name, CLOCK.name]
      assert.equal(called?.text, 'I look it up.')
      assert.deepEqual(
        called?.toolCalls?.map(({name, arguments: given}) => ({name, given})),
        [
          {name: WEATHER.name, given: {city: 'Köln'}},
          {name: CLOCK.name, given: {}},
        ],
      )
      if (wire.hasToolIds)
        assert.deepEqual(
          called?.toolCalls?.map(({id}) => id),
          ids,
        )
      assert.deepEqual([first?.role, first?.answers, first?.text], ['tool', ids[0], 'rain ☔'])
      assert.deepEqual([second?.role, second?.answers], ['tool', ids[1]])
      assert.ok(second?.text.includes('the clock is broken'))
    }),
  ]
}
