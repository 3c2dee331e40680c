import assert from 'node:assert/strict'
import {HelixError} from '../../../errors/helix-error.js'
import type {GenerationRequest, ToolGenerationRequest} from '../../provider.js'
import {type ConformanceCase, caseOf, modelCapabilities, type Subject} from '../bench.js'
import {readFailed} from '../read-answer.js'
import {ask, CLOCK, WEATHER} from '../samples.js'

const PDF = {type: 'attachment', name: 'a.pdf', mediaType: 'application/pdf', data: new Uint8Array([1])} as const
const PNG = {type: 'attachment', name: 'a.png', mediaType: 'image/png', data: new Uint8Array([1])} as const

type Change = Partial<ToolGenerationRequest>

const WRONG: Record<string, Change> = {
  'no model': {model: ''},
  'no message': {messages: []},
  'a temperature under 0': {temperature: -0.1},
  'a temperature over 2': {temperature: 2.1},
  'max_tokens of 0': {maxTokens: 0},
  'max_tokens that is no whole number': {maxTokens: 1.5},
  'max_tokens beyond any model': {maxTokens: 1e12},
  'a schema that is none': {schema: {type: 'nonsense'}},
  'a tool whose schema is none': {tools: [{...WEATHER, parameters: {type: 12}}]},
  'a tool without a proper name': {tools: [{...WEATHER, name: 'no spaces, please'}]},
  'two tools of one name': {tools: [WEATHER, WEATHER]},
  'a choice of a tool that is not there': {tools: [WEATHER], toolChoice: {name: CLOCK.name}},
  'a result of a call that nobody made': {messages: [{role: 'tool', toolCallId: 'call_9', content: 'sunny'}]},
}

/** What holds for every provider, whatever its model says. */
export function generalCases(subject: Subject): ConformanceCase[] {
  const {model, plugin} = subject
  const capabilities = modelCapabilities(subject)
  const missing: Record<string, Change> = {
    ...(!capabilities.tools && {'tools, which it does not take': {tools: [WEATHER]}}),
    ...(!capabilities.images && {'an image, which it does not take': {messages: [{role: 'user', content: [PNG]}]}}),
    ...(!capabilities.documents && {'a document, which it does not take': {messages: [{role: 'user', content: [PDF]}]}}),
  }
  return [
    caseOf(subject, 'the plugin has what the hook asks for', async () => {
      assert.equal(plugin.apiVersion, 1)
      assert.match(plugin.id, /^[a-z0-9-]+$/)
      assert.ok(plugin.label)
    }),
    caseOf(subject, 'getCapabilities says what the provider can do', async (bench) => {
      assert.deepEqual((await bench.open()).getCapabilities(), subject.capabilities)
    }),
    ...Object.entries({...WRONG, ...missing}).map(([what, change]) =>
      caseOf(subject, `refuses a request with ${what} before anything is sent`, async (bench) => {
        const provider = await bench.open()
        const {tools = [], ...request} = {...ask(model), ...change} as GenerationRequest & Change
        const {error} = await readFailed(provider.streamWithTools({...request, tools}))
        assert.equal(error.kind, 'usage')
        assert.equal(bench.server.requests.length, 0)
        await assert.rejects(provider.generateWithTools({...request, tools}), (thrown) => HelixError.is(thrown) && thrown.kind === 'usage')
      }),
    ),
    caseOf(subject, 'a call that was cancelled beforehand ends at once', async (bench) => {
      const provider = await bench.open()
      const {error} = await readFailed(provider.stream(ask(model), {signal: AbortSignal.abort()}))
      assert.equal(error.kind, 'interrupted')
    }),
    caseOf(subject, 'closing twice does no harm', async (bench) => {
      const provider = await bench.open()
      await provider.close()
      await provider.close()
    }),
  ]
}
