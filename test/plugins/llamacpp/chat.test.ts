import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import type {LLMProvider, Message, ProviderEvent, ToolDefinition} from '../../../src/core/providers/provider.js'
import {openLlama} from '../../fixtures/open-llama.js'
import {RECITED, type ReciteOptions, writeReciteModel} from '../../fixtures/recite-model.js'

const ROLES =
  "{% for m in messages %}{{ '<|' + m.role + '|>' }}THOUGHT{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
const THINKING = ROLES.replace('THOUGHT', '{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}')
const ALREADY_THINKING = THINKING.replace("'<|assistant|>'", "'<|assistant|><think>'")

const MODELS: Record<string, ReciteOptions> = {
  recite: {},
  endless: {endless: true, contextTokens: 200_000},
  caller: {pieces: ['I look. ', '||call: ']},
  thinker: {pieces: ['<think>', 'Let', ' me', ' see', '</think>', 'It', ' is', ' done'], chatTemplate: THINKING},
  opened: {pieces: ['Let', ' me', ' see', '</think>', 'It', ' is', ' done'], chatTemplate: ALREADY_THINKING},
  garbled: {chatTemplate: '{% for %}{{ nonsense'},
}

const WEATHER: ToolDefinition = {
  name: 'get_weather',
  description: 'the weather of a city',
  parameters: {type: 'object', properties: {city: {type: 'string'}, days: {type: 'integer'}}, required: ['city']},
}
const CLOCK: ToolDefinition = {name: 'get-time', parameters: {type: 'object', properties: {}}}

const folder = mkdtempSync(join(tmpdir(), 'helix-llamacpp-'))
let provider: LLMProvider

beforeAll(async () => {
  for (const [name, options] of Object.entries(MODELS)) writeReciteModel(join(folder, `${name}.gguf`), options)
  provider = await openLlama({models_folder: folder})
})
afterAll(async () => {
  await provider.close()
  rmSync(folder, {recursive: true})
})

function ask(model: string, ...messages: Message[]) {
  return {model: `${model}.gguf`, messages: messages.length > 0 ? messages : [{role: 'user' as const, content: 'Hello'}]}
}

async function eventsOf(stream: AsyncIterable<ProviderEvent>): Promise<ProviderEvent[]> {
  const events: ProviderEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

describe('an answer', () => {
  test('is what the model says, piece by piece, with its tokens and why it ended', async () => {
    const events = await eventsOf(provider.stream(ask('recite')))
    const texts = events.map((event) => (event.type === 'text' ? event.text : ''))
    expect(texts.join('')).toBe(RECITED)
    expect(texts.filter(Boolean)).toHaveLength(RECITED.split(' ').length)
    // One token a word, and the one that ends the answer.
    expect(events.at(-2)).toMatchObject({type: 'usage', usage: {outputTokens: 9, cachedTokens: expect.any(Number)}})
    expect(events.at(-1)).toEqual({type: 'finish', reason: 'stop'})
  })

  test('the same question again is read from what the model still has in memory', async () => {
    await provider.generate(ask('recite', {role: 'user', content: 'How do you do?'}))
    const {text, usage} = await provider.generate(ask('recite', {role: 'user', content: 'How do you do?'}))
    expect(text).toBe(RECITED)
    expect(usage.cachedTokens).toBe((usage.inputTokens ?? 0) - 1)
  })

  test('ends at max_tokens with length', async () => {
    const {text, finishReason, usage} = await provider.generate({...ask('recite'), maxTokens: 3})
    expect({text, finishReason, outputTokens: usage.outputTokens}).toEqual({text: 'Every task that', finishReason: 'length', outputTokens: 3})
  })

  test('ends with length where the context does', async () => {
    const small = await openLlama({context_size: 256})
    const {finishReason, usage} = await small.generate({...ask('endless'), model: join(folder, 'endless.gguf')})
    await small.close()
    expect(finishReason).toBe('length')
    expect((usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)).toBe(254)
  })

  test('two requests at once are answered one after the other, also of two models', async () => {
    const answers = await Promise.all([provider.generate(ask('recite')), provider.generate(ask('opened')), provider.generate(ask('recite'))])
    expect(answers.map(({text}) => text)).toEqual([RECITED, 'It is done', RECITED])
  })

  test('a template that cannot be run is replaced by a general one', async () => {
    expect((await provider.generate(ask('garbled'))).text).toBe(RECITED)
  })
})

describe('thoughts', () => {
  test.each(['thinker', 'opened'])('of the model %s come as reasoning', async (model) => {
    const {text, reasoning, usage} = await provider.generate(ask(model))
    expect({text, reasoning}).toEqual({text: 'It is done', reasoning: 'Let me see'})
    expect(usage.reasoningTokens).toBe(3)
  })

  test('end at their budget, and with effort none there are none', async () => {
    expect(await provider.generate({...ask('thinker'), reasoning: {budget: 2}})).toMatchObject({reasoning: 'Let me', text: 'It is done'})
    expect(await provider.generate({...ask('thinker'), reasoning: {effort: 'none'}})).toMatchObject({reasoning: '', text: 'It is done'})
  })
})

describe('a schema', () => {
  test.each(['recite', 'caller', 'thinker', 'opened'])('holds the model %s to JSON of its form', async (model) => {
    const schema = {type: 'object', properties: {ok: {type: 'boolean'}, text: {type: 'string'}, tags: {type: 'array', items: {enum: ['a', 'b']}}}}
    const {text, finishReason} = await provider.generate({...ask(model), schema})
    expect(finishReason).toBe('stop')
    expect(JSON.parse(text)).toEqual({ok: expect.any(Boolean), text: expect.any(String), tags: expect.any(Array)})
  })

  test('may refer to itself, have alternatives and leave much open', async () => {
    const schema = {
      $defs: {tree: {type: 'object', properties: {value: {type: ['integer', 'null']}, left: {$ref: '#/$defs/tree'}}, required: ['value']}},
      type: 'object',
      properties: {tree: {$ref: '#/$defs/tree'}, either: {anyOf: [{type: 'integer'}, {type: 'string', maxLength: 3}]}, any: {}},
      required: ['tree', 'either', 'any', 'unnamed'],
    }
    const {text} = await provider.generate({...ask('recite'), schema})
    expect(JSON.parse(text)).toEqual({tree: {value: expect.anything()}, either: expect.anything(), any: expect.anything(), unnamed: expect.anything()})
  })

  test('together with tools is refused', async () => {
    const request = {...ask('recite'), tools: [WEATHER], schema: {type: 'object'}}
    await expect(provider.generateWithTools(request)).rejects.toMatchObject({kind: 'usage', code: 'REQUEST_INVALID'})
  })
})

describe('tools', () => {
  test('a call comes whole, with arguments as the tool wants them, and is not run', async () => {
    const {text, toolCalls, finishReason} = await provider.generateWithTools({...ask('caller'), tools: [WEATHER]})
    expect({text, finishReason}).toEqual({text: 'I look. ', finishReason: 'tool_calls'})
    expect(toolCalls).toEqual([{type: 'tool_call', id: 'call_1', name: 'get_weather', arguments: '{"city":"I look. ||call: ","days":0}'}])
  })

  test('a call without arguments has none', async () => {
    const {toolCalls} = await provider.generateWithTools({...ask('caller'), tools: [CLOCK]})
    expect(toolCalls).toMatchObject([{name: 'get-time', arguments: '{}'}])
  })

  test.each([['required' as const], [{name: 'get_weather'}]])('a model that would not call one does where the choice is %j', async (toolChoice) => {
    const {text, toolCalls, finishReason} = await provider.generateWithTools({...ask('recite'), tools: [WEATHER, CLOCK], toolChoice})
    expect({text, finishReason}).toEqual({text: '', finishReason: 'tool_calls'})
    expect(toolCalls).toMatchObject([{name: 'get_weather', arguments: `{"city":"${RECITED}","days":0}`}])
    expect(toolCalls[0]).not.toHaveProperty('problem')
  })

  test('the model is not offered any where the choice is none', async () => {
    const {toolCalls, text} = await provider.generateWithTools({...ask('caller'), maxTokens: 2, tools: [WEATHER], toolChoice: 'none'})
    expect({toolCalls, text}).toEqual({toolCalls: [], text: 'I look. ||call: '})
  })

  test('a conversation goes on after the result', async () => {
    const first = await provider.generateWithTools({...ask('caller'), tools: [WEATHER]})
    const result: Message = {role: 'tool', toolCallId: 'call_1', content: 'sunny'}
    const messages: Message[] = [{role: 'system', content: 'Be brief.'}, {role: 'user', content: 'Hello'}, first.message, result]
    expect(await provider.generateWithTools({...ask('recite', ...messages), tools: [WEATHER]})).toMatchObject({text: RECITED, finishReason: 'stop'})
  })
})

describe('cancelling', () => {
  // Even the tiny model takes seconds to read that many tokens, because each looks at all before it.
  const LONG = 'x'.repeat(80_000)

  test('ends the reading of a prompt soon, and the model answers again', async () => {
    const long = await openLlama({models_folder: folder, context_size: 150_000})
    await long.generate({...ask('endless'), maxTokens: 1})
    const controller = new AbortController()
    const reading = long.generate(ask('endless', {role: 'user', content: LONG}), {signal: controller.signal}).catch((error) => error)
    setTimeout(() => controller.abort(), 1000)
    expect(await reading).toMatchObject({kind: 'interrupted', code: 'CANCELLED'})
    const cancelled = performance.now()
    expect((await long.generate({...ask('endless'), maxTokens: 8})).text).toBe(RECITED)
    await long.close()
    expect(performance.now() - cancelled).toBeLessThan(2000)
  })

  test('ends the loading of a model, and it can be loaded again', async () => {
    const other = await openLlama({models_folder: folder})
    const controller = new AbortController()
    const loading = other.generate(ask('recite'), {signal: controller.signal}).catch((error) => error)
    controller.abort()
    expect(await loading).toMatchObject({kind: 'interrupted'})
    expect((await other.generate(ask('recite'))).text).toBe(RECITED)
    await other.close()
  })

  test('closing ends an answer that is under way', async () => {
    const other = await openLlama({models_folder: folder, context_size: 150_000})
    const stream = other.stream(ask('endless'))[Symbol.asyncIterator]()
    await stream.next()
    await other.close()
    const rest = await eventsOf({[Symbol.asyncIterator]: () => stream})
    expect(rest.at(-1)).toMatchObject({type: 'error', error: {kind: 'interrupted'}})
  })
})
