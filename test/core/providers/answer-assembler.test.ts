import {describe, expect, it} from '@jest/globals'
import {type AdapterEvent, AnswerAssembler} from '../../../src/core/providers/answer-assembler.js'
import type {ChatRequest, Message, ProviderEvent} from '../../../src/core/providers/provider.js'

const TOOL = {name: 'add', parameters: {type: 'object', properties: {n: {type: 'number'}}, required: ['n']}}

async function assemble(events: AdapterEvent[], messages: Message[] = []): Promise<ProviderEvent[]> {
  const request: ChatRequest = {model: 'm', messages, tools: [TOOL], toolChoice: 'auto'}
  const assembler = new AnswerAssembler(request)
  const passed: (ProviderEvent | undefined)[] = []
  for (const event of events) passed.push(await assembler.add(event))
  return passed.filter((event) => event !== undefined)
}

const call = (id: string, ...pieces: string[]): AdapterEvent[] => [
  {type: 'tool_call_start', id, name: 'add'},
  ...pieces.map((piece) => ({type: 'tool_call_delta', id, arguments: piece}) as const),
  {type: 'tool_call_end', id},
]

const endsOf = (events: ProviderEvent[]) => events.filter((event) => event.type === 'tool_call_end')

describe('a tool call', () => {
  it('is put together and checked', async () => {
    expect(await assemble(call('a', '{"n"', '', ': 1}'))).toEqual([
      {type: 'tool_call_start', id: 'a', name: 'add'},
      {type: 'tool_call_delta', id: 'a', arguments: '{"n"'},
      {type: 'tool_call_delta', id: 'a', arguments: ': 1}'},
      {type: 'tool_call_end', id: 'a', name: 'add', arguments: '{"n": 1}'},
    ])
  })

  it.each([
    ['{"n": "one"}', /value.*\bn\b/],
    ['{"n"', /JSON/],
    ['', /value.*\bn\b/],
  ])('with the arguments %j has a problem', async (text, problem) => {
    expect(endsOf(await assemble(call('a', text)))[0]?.problem).toMatch(problem)
  })

  it('keeps what its provider wants back', async () => {
    const [start, delta] = call('a', '{"n": 1}')
    const events = await assemble([start!, delta!, {type: 'tool_call_end', id: 'a', signature: {opaque: 1}}])
    expect(endsOf(events)[0]).toMatchObject({signature: {opaque: 1}})
  })

  it('gets an id that no other has, in the answer or before it', async () => {
    const earlier: Message[] = [{role: 'tool', toolCallId: 'call_1', content: '2'}]
    const ids = endsOf(await assemble([...call('call_1', '{}'), ...call('call_1', '{}'), ...call('', '{}'), ...call('', '{}')], earlier)).map(({id}) => id)
    expect(new Set([...ids, 'call_1', '']).size).toBe(6)
  })

  it('with arguments beyond a megabyte keeps none of them', async () => {
    const piece = 'x'.repeat(300_000)
    const events = await assemble(call('a', ...Array<string>(40).fill(piece)))
    expect(endsOf(events)[0]).toMatchObject({arguments: '{}', problem: expect.stringMatching(/12000000 characters long, 1048576 are allowed/)})
    expect(JSON.stringify(events).length).toBeLessThan(1_100_000)
  })
})

describe('what the user may have seen', () => {
  it.each([
    [{type: 'text', text: ''}, false],
    [{type: 'usage', usage: {}}, false],
    [{type: 'text', text: 'a'}, true],
    [{type: 'reasoning', text: 'a'}, true],
    [{type: 'tool_call_start', id: 'a', name: 'add'}, true],
  ] as [AdapterEvent, boolean][])('%j: %s', (event, hasContent) => {
    const assembler = new AnswerAssembler({model: 'm', messages: [], tools: [], toolChoice: 'none'})
    void assembler.add(event)
    expect(assembler.hasContent).toBe(hasContent)
  })
})
