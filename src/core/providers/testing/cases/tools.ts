import assert from 'node:assert/strict'
import type {AdapterEvent} from '../../answer-assembler.js'
import type {ToolGenerationRequest} from '../../provider.js'
import {type Bench, type ConformanceCase, caseOf, type WiredSubject} from '../bench.js'
import {type ReadAnswer, readFinished} from '../read-answer.js'
import {ask, CLOCK, callOf, finish, replyWith, TOOLS, texts, WEATHER} from '../samples.js'

const KÖLN = '{"city": "Köln", "days": 3}'
const TEN_MEGABYTES = 10 * 1024 * 1024
/** Characters; generous, yet far from what was sent. */
const BOUND = 2 * 1024 * 1024

/** What a provider makes of a model's tool calls, good and bad. */
export function toolCases(subject: WiredSubject): ConformanceCase[] {
  const {wire, model, capabilities} = subject
  if (!capabilities.tools) return []
  const asText = wire.toolArguments === 'text'

  async function receive(bench: Bench, events: AdapterEvent[], messages: ToolGenerationRequest['messages'] = ask(model).messages): Promise<ReadAnswer> {
    bench.server.reply(replyWith(wire, [...events, finish('tool_calls')]))
    return readFinished((await bench.open()).streamWithTools({model, messages, tools: TOOLS}))
  }

  const one = (text: string) => callOf('call_1', WEATHER.name, [text])

  const good = [
    caseOf(subject, 'a tool call comes with its name and arguments', async (bench) => {
      const {calls, finish: reason} = await receive(bench, one(KÖLN))
      assert.equal(calls.length, 1)
      assert.equal(calls[0]?.name, WEATHER.name)
      assert.deepEqual(JSON.parse(calls[0].arguments), JSON.parse(KÖLN))
      assert.equal(calls[0].problem, undefined)
      assert.equal(reason, 'tool_calls')
    }),
    caseOf(subject, 'text before a tool call is kept', async (bench) => {
      const {calls, text} = await receive(bench, [...texts(), ...one(KÖLN)])
      assert.equal(
        text,
        texts()
          .map((event) => 'text' in event && event.text)
          .join(''),
      )
      assert.equal(calls.length, 1)
    }),
    caseOf(subject, 'several tool calls come in their order, under ids of their own', async (bench) => {
      const events = [...one(KÖLN), ...callOf('call_2', CLOCK.name, ['{}']), ...callOf('call_3', WEATHER.name, ['{"city": "Oslo"}'])]
      const {calls} = await receive(bench, events)
      assert.deepEqual(
        calls.map(({name, arguments: text}) => [name, JSON.parse(text)]),
        [
          [WEATHER.name, {city: 'Köln', days: 3}],
          [CLOCK.name, {}],
          [WEATHER.name, {city: 'Oslo'}],
        ],
      )
      if (wire.hasToolIds)
        assert.deepEqual(
          calls.map(({id}) => id),
          ['call_1', 'call_2', 'call_3'],
        )
    }),
    caseOf(subject, 'a call without arguments has the empty object', async (bench) => {
      const {calls} = await receive(bench, callOf('call_1', CLOCK.name, []))
      assert.deepEqual(
        calls.map(({arguments: text, problem}) => [text, problem]),
        [['{}', undefined]],
      )
    }),
    caseOf(subject, 'generateWithTools returns the calls', async (bench) => {
      bench.server.reply(replyWith(wire, [...one(KÖLN), finish('tool_calls')]))
      const {toolCalls, finishReason, message} = await (await bench.open()).generateWithTools({...ask(model), tools: TOOLS})
      assert.deepEqual(
        toolCalls.map(({name}) => name),
        [WEATHER.name],
      )
      assert.equal(finishReason, 'tool_calls')
      assert.deepEqual(message.content, toolCalls)
    }),
    caseOf(subject, 'an id that the conversation had before is made a new one', async (bench) => {
      const {calls} = await receive(bench, one(KÖLN), [
        ...ask(model).messages,
        {role: 'assistant', content: [{type: 'tool_call', id: 'call_1', name: CLOCK.name, arguments: '{}'}]},
        {role: 'tool', toolCallId: 'call_1', content: 'noon'},
      ])
      assert.notEqual(calls[0]?.id, 'call_1')
    }),
  ]
  const bad = [
    caseOf(subject, 'arguments of the wrong type are told to the model', async (bench) => {
      const {calls} = await receive(bench, one('{"city": 5}'))
      assert.match(calls[0]?.problem ?? '', /city/)
    }),
    caseOf(subject, 'a call of an unknown tool is told to the model', async (bench) => {
      const {calls} = await receive(bench, callOf('call_1', 'launch_rocket', ['{}']))
      assert.match(calls[0]?.problem ?? '', /launch_rocket/)
    }),
    caseOf(subject, 'arguments of 10 MB are refused, and not kept', async (bench) => {
      const piece = 'a'.repeat(64 * 1024)
      const pieces = ['{"city": "', ...Array.from({length: TEN_MEGABYTES / piece.length}, () => piece), '"}']
      const {calls, events} = await receive(bench, callOf('call_1', WEATHER.name, pieces))
      assert.match(calls[0]?.problem ?? '', /long/)
      assert.ok(JSON.stringify(events).length < BOUND)
    }),
  ]
  return [...good, ...bad, ...(asText ? textArgumentCases(subject, receive) : []), ...(wire.hasToolIds ? idCases(subject, receive) : [])]
}

type Receive = (bench: Bench, events: AdapterEvent[]) => Promise<ReadAnswer>

function textArgumentCases(subject: WiredSubject, receive: Receive): ConformanceCase[] {
  return [
    caseOf(subject, 'arguments in pieces are put together', async (bench) => {
      const {calls, events} = await receive(bench, callOf('call_1', WEATHER.name, [...KÖLN]))
      assert.equal(calls[0]?.arguments, KÖLN)
      assert.equal(events.map((event) => (event.type === 'tool_call_delta' ? event.arguments : '')).join(''), KÖLN)
    }),
    ...['{"city": "Köl', 'Köln', '{"city": "Köln"}}', '[1', '\u0000'].map((text) =>
      caseOf(subject, `arguments that are no JSON are told to the model: ${JSON.stringify(text)}`, async (bench) => {
        const {calls} = await receive(bench, callOf('call_1', WEATHER.name, [text]))
        assert.match(calls[0]?.problem ?? '', /JSON/)
        assert.equal(calls[0]?.arguments, text)
      }),
    ),
    caseOf(subject, 'arguments that are JSON but no object are told to the model', async (bench) => {
      const {calls} = await receive(bench, callOf('call_1', WEATHER.name, ['["Köln"]']))
      assert.match(calls[0]?.problem ?? '', /schema/)
    }),
  ]
}

function idCases(subject: WiredSubject, receive: Receive): ConformanceCase[] {
  const pairs = {'the same id': 'call_1', 'no id': ''}
  return Object.entries(pairs).map(([what, id]) =>
    caseOf(subject, `two calls with ${what} stay two calls`, async (bench) => {
      const {calls} = await receive(bench, [...callOf(id, WEATHER.name, ['{"city":', '"Köln"}']), ...callOf(id, CLOCK.name, ['{}'])])
      assert.deepEqual(
        calls.map(({name, arguments: text, problem}) => [name, JSON.parse(text), problem]),
        [
          [WEATHER.name, {city: 'Köln'}, undefined],
          [CLOCK.name, {}, undefined],
        ],
      )
      assert.equal(new Set(calls.map((call) => call.id)).size, 2)
      assert.ok(calls.every((call) => call.id !== ''))
    }),
  )
}
