import {describe, expect, it} from '@jest/globals'
import type {Attachment, ChatRequest, Message, ToolGenerationRequest} from '../../../src/core/providers/provider.js'
import {toWireRequest} from '../../../src/plugins/claude/wire.js'
import {WEATHER} from '../../fixtures/replay.js'

const HELLO: Message = {role: 'user', content: 'Hallo'}
const CALL = {type: 'tool_call', id: 'toolu_1', name: 'weather', arguments: '{"location":"Köln"}'} as const

interface Block {
  text?: string
  name?: string
  content?: string
  cache_control?: object
  input_schema?: object
}

/** What of a request the tests look at. */
interface Body {
  system?: Block[]
  messages: {role: string; content: Block[]}[]
  tools?: Block[]
  tool_choice?: object
}

function bodyOf(request: Partial<ChatRequest>, mostTokens = 64_000): Body {
  return JSON.parse(JSON.stringify(toWireRequest({model: 'claude-sonnet-4-5', messages: [HELLO], tools: [], toolChoice: 'auto', ...request}, mostTokens)))
}

/** The turns of a conversation, without the marks for the cache. */
function turnsOf(...messages: Message[]): unknown {
  return JSON.parse(JSON.stringify(bodyOf({messages}).messages, (key, value) => (key === 'cache_control' ? undefined : value)))
}

const text = (value: string) => ({type: 'text', text: value})

describe('a conversation', () => {
  it('has its instructions apart, wherever they stand', () => {
    const body = bodyOf({messages: [{role: 'system', content: 'Sei kurz.'}, HELLO, {role: 'system', content: 'Und höflich.'}]})
    expect(body.system).toEqual([text('Sei kurz.\n\nUnd höflich.')])
    expect(body.messages).toEqual([{role: 'user', content: [text('Hallo')]}])
    expect(bodyOf({messages: [{role: 'system', content: ' '}, HELLO]})).not.toHaveProperty('system')
  })

  it('has turns by turns, results of tools first in theirs', () => {
    expect(
      turnsOf(
        HELLO,
        {role: 'user', content: 'Ist da wer?'},
        {role: 'assistant', content: [text('Ich sehe nach.') as never, CALL, {...CALL, id: 'toolu_2', arguments: '{}'}]},
        {role: 'user', content: 'Und Oslo?'},
        {role: 'tool', toolCallId: 'toolu_1', content: 'Regen'},
        {role: 'tool', toolCallId: 'toolu_2', content: '', isError: true},
        {role: 'assistant', content: 'Regen.'},
        {role: 'assistant', content: 'In Köln.'},
      ),
    ).toEqual([
      {role: 'user', content: [text('Hallo'), text('Ist da wer?')]},
      {
        role: 'assistant',
        content: [
          text('Ich sehe nach.'),
          {type: 'tool_use', id: 'toolu_1', name: 'weather', input: {location: 'Köln'}},
          {type: 'tool_use', id: 'toolu_2', name: 'weather', input: {}},
        ],
      },
      {
        role: 'user',
        content: [
          {type: 'tool_result', tool_use_id: 'toolu_1', content: 'Regen'},
          {type: 'tool_result', tool_use_id: 'toolu_2', content: 'failed', is_error: true},
          text('Und Oslo?'),
        ],
      },
      {role: 'assistant', content: [text('Regen.'), text('In Köln.')]},
    ])
  })

  it('has nothing empty, which Claude refuses', () => {
    expect(turnsOf(HELLO, {role: 'assistant', content: ''}, {role: 'user', content: ' \n'}, {role: 'assistant', content: [text(' ') as never]})).toEqual([
      {role: 'user', content: [text('Hallo')]},
    ])
    expect(turnsOf(HELLO, {role: 'assistant', content: [CALL]}, {role: 'tool', toolCallId: 'toolu_1', content: ''})).toEqual([
      {role: 'user', content: [text('Hallo')]},
      {role: 'assistant', content: [{type: 'tool_use', id: 'toolu_1', name: 'weather', input: {location: 'Köln'}}]},
      {role: 'user', content: [{type: 'tool_result', tool_use_id: 'toolu_1'}]},
    ])
  })

  it('may come from another provider, with ids, names and arguments that Claude refuses', () => {
    const calls = ['call:1', 'call.1'].map((id) => ({...CALL, id, name: 'wetter in köln', arguments: '["Köln"'}))
    const [, asked, answered] = turnsOf(
      HELLO,
      {role: 'assistant', content: calls},
      ...calls.map(({id}) => ({role: 'tool', toolCallId: id, content: 'x'}) as const),
    ) as {
      content: {id: string; tool_use_id: string; name: string; input: unknown}[]
    }[]
    const ids = asked!.content.map(({id}) => id)
    expect(answered!.content.map(({tool_use_id}) => tool_use_id)).toEqual(ids)
    expect(new Set(ids).size).toBe(2)
    for (const {id, name, input} of asked!.content) expect([id, name, input]).toEqual([expect.stringMatching(/^[\w-]+$/), 'wetter_in_k_ln', {}])
  })

  it('has its thoughts in their places, and none that nobody has signed', () => {
    const parts = [
      {type: 'reasoning', text: 'Größer?', signature: 'c2ln'},
      {type: 'reasoning', text: '', signature: {redacted: 'c2VhbA=='}},
      text('Moment.'),
      {type: 'reasoning', text: '', signature: 'b21pdHRlZA=='},
      {type: 'reasoning', text: 'cut off'},
      CALL,
    ]
    expect(turnsOf(HELLO, {role: 'assistant', content: parts as never}, {role: 'tool', toolCallId: 'toolu_1', content: 'x'})).toMatchObject([
      {},
      {
        content: [
          {type: 'thinking', thinking: 'Größer?', signature: 'c2ln'},
          {type: 'redacted_thinking', data: 'c2VhbA=='},
          text('Moment.'),
          {type: 'thinking', thinking: '', signature: 'b21pdHRlZA=='},
          {type: 'tool_use'},
        ],
      },
      {},
    ])
  })
})

describe('files', () => {
  const file = (name: string, mediaType: string, content = 'Ü'): Attachment => ({type: 'attachment', name, mediaType, data: Buffer.from(content)})
  const blocksOf = (...files: Attachment[]) =>
    bodyOf({messages: [{role: 'user', content: [...files, {type: 'text', text: 'Was ist das?'}]}]}).messages[0]?.content

  it('go along as images, PDFs and texts, in their order', () => {
    expect(blocksOf(file('a.png', 'image/png'), file('b.pdf', 'application/pdf'), file('c.md', 'text/markdown'), file('d.json', 'application/json'))).toEqual([
      {type: 'image', source: {type: 'base64', media_type: 'image/png', data: 'w5w='}},
      {type: 'document', title: 'b.pdf', source: {type: 'base64', media_type: 'application/pdf', data: 'w5w='}},
      {type: 'document', title: 'c.md', source: {type: 'text', media_type: 'text/plain', data: 'Ü'}},
      {type: 'document', title: 'd.json', source: {type: 'text', media_type: 'text/plain', data: 'Ü'}},
      text('Was ist das?'),
    ])
  })

  it.each(['image/tiff', 'image/svg+xml', 'application/zip'])('of the type %s are refused by their name', (mediaType) => {
    expect(() => blocksOf(file('x.bin', mediaType))).toThrow(expect.objectContaining({kind: 'usage', message: expect.stringContaining('x.bin')}))
  })
})

describe('tools', () => {
  const choice = (toolChoice: ToolGenerationRequest['toolChoice'], model = 'claude-sonnet-4-5') => bodyOf({model, tools: [WEATHER], toolChoice: toolChoice!})

  it('are chosen in the words of the API', () => {
    expect(choice('auto')).not.toHaveProperty('tool_choice')
    expect(choice('none')).toMatchObject({tool_choice: {type: 'none'}, tools: [{name: 'weather'}]})
    expect(choice('required').tool_choice).toEqual({type: 'any'})
    expect(choice({name: 'weather'}).tool_choice).toEqual({type: 'tool', name: 'weather'})
    expect(bodyOf({toolChoice: 'none'})).not.toHaveProperty('tool_choice')
  })

  it.each(['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-fable-5-2'])('cannot be forced on %s, which is said before anything is sent', (model) => {
    for (const forced of ['required', {name: 'weather'}] as const) expect(() => choice(forced, model)).toThrow(/cannot be made to call a tool/)
    expect(choice('none', model).tool_choice).toEqual({type: 'none'})
  })

  it('have the schema of an object', () => {
    expect(bodyOf({tools: [{name: 'now', parameters: {}}]}).tools?.[0]?.input_schema).toEqual({type: 'object'})
  })
})

describe('what is to be kept in the cache', () => {
  const marked = (body: Body) => {
    const blocks = [...(body.system ?? []), ...(body.tools ?? []), ...body.messages.flatMap(({content}) => content)]
    return blocks.filter(({cache_control}) => cache_control).map((block) => block.text ?? block.name ?? block.content)
  }
  const SYSTEM: Message = {role: 'system', content: 'Sei kurz.'}

  it('is nothing of a question that stands alone', () => {
    expect(marked(bodyOf({messages: [SYSTEM, HELLO]}))).toEqual([])
  })

  it('is the instructions, or else the tools, and the conversation up to now and up to the last answer', () => {
    expect(marked(bodyOf({messages: [SYSTEM, HELLO], tools: [WEATHER]}))).toEqual(['Sei kurz.', 'Hallo'])
    expect(marked(bodyOf({tools: [WEATHER, {...WEATHER, name: 'clock'}]}))).toEqual(['clock', 'Hallo'])
    const more: Message[] = [
      {role: 'assistant', content: [CALL]},
      {role: 'tool', toolCallId: 'toolu_1', content: 'Regen'},
    ]
    expect(marked(bodyOf({messages: [SYSTEM, HELLO, ...more, {role: 'assistant', content: 'Regen.'}, {role: 'user', content: 'Und?'}]}))).toEqual([
      'Sei kurz.',
      'Regen',
      'Und?',
    ])
  })
})
