import {describe, expect, it} from '@jest/globals'
import type {Attachment, ChatRequest, Message} from '../../../src/core/providers/provider.js'
import {ReasoningDetails} from '../../../src/plugins/openrouter/thoughts.js'
import {toOpenRouterRequest} from '../../../src/plugins/openrouter/wire.js'

function toWire(request: Partial<ChatRequest>): Record<string, unknown> {
  const body = toOpenRouterRequest({model: 'm', messages: [{role: 'user', content: 'Hi'}], tools: [], toolChoice: 'auto', ...request})
  return JSON.parse(JSON.stringify(body))
}

describe('reasoning', () => {
  it.each([
    [{effort: 'high'}, {effort: 'high'}],
    [{effort: 'none'}, {enabled: false}],
    [{budget: 4096}, {max_tokens: 4096}],
    // Only one of the two may go along.
    [{effort: 'low', budget: 4096}, {max_tokens: 4096}],
    [{}, undefined],
    [undefined, undefined],
  ] as const)('%j is %j', (reasoning, expected) => {
    const body = toWire({reasoning})
    expect(body.reasoning).toEqual(expected)
    expect(body).not.toHaveProperty('reasoning_effort')
  })
})

describe('services that do not take all of a request', () => {
  it('are left out where it has a schema, not for its tools', () => {
    expect(toWire({schema: {type: 'object'}}).provider).toEqual({require_parameters: true})
    expect(toWire({tools: [{name: 'weather', parameters: {type: 'object'}}], temperature: 0})).not.toHaveProperty('provider')
  })
})

describe('files', () => {
  const send = (mediaType: string) => {
    const file: Attachment = {type: 'attachment', name: 'a', mediaType, data: new Uint8Array([1])}
    return toWire({messages: [{role: 'user', content: [file]}]}).messages
  }

  it('go along as images and PDFs', () => {
    expect(send('image/webp')).toEqual([{role: 'user', content: [{type: 'image_url', image_url: {url: 'data:image/webp;base64,AQ=='}}]}])
    expect(send('application/pdf')).toEqual([{role: 'user', content: [{type: 'file', file: {filename: 'a', file_data: 'data:application/pdf;base64,AQ=='}}]}])
  })

  it('of other types are refused', () => {
    expect(() => send('application/zip')).toThrow('application/zip')
  })
})

describe('the marks of a cache', () => {
  const long = 'x'.repeat(4096)
  const image: Attachment = {type: 'attachment', name: 'a', mediaType: 'image/png', data: new Uint8Array([1])}
  const conversation = (system: string): Message[] => [
    {role: 'system', content: system},
    {role: 'user', content: 'One'},
    {role: 'assistant', content: 'Two'},
    {role: 'user', content: [{type: 'text', text: 'Three'}, image]},
  ]
  const mark = {cache_control: {type: 'ephemeral'}}

  it.each(['anthropic/claude-sonnet-4.5', '~anthropic/claude-latest', 'qwen/qwen3-coder-plus'])(
    '%s gets them at the end of the system prompt and of the last question',
    (model) => {
      expect(toWire({model, messages: conversation(long)}).messages).toEqual([
        {role: 'system', content: [{type: 'text', text: long, ...mark}]},
        {role: 'user', content: 'One'},
        {role: 'assistant', content: 'Two'},
        {
          role: 'user',
          content: [
            {type: 'text', text: 'Three'},
            {type: 'image_url', image_url: {url: 'data:image/png;base64,AQ=='}, ...mark},
          ],
        },
      ])
    },
  )

  it.each([
    ['anthropic/claude-sonnet-4.5', 'short'],
    ['google/gemini-3-pro', long],
    ['openai/gpt-5.2', long],
    ['qwen/qwen3.8-27b', long],
  ])('%s gets none where they are of no use', (model, system) => {
    expect(JSON.stringify(toWire({model, messages: conversation(system)}))).not.toContain('cache_control')
  })
})

describe('details of thoughts', () => {
  const together = (...pieces: Record<string, unknown>[]) => {
    const details = new ReasoningDetails()
    for (const piece of pieces) details.add([piece])
    return details.take()
  }

  it('are put together where they belong together', () => {
    const text = {type: 'reasoning.text', index: 0, format: 'anthropic-claude-v1'}
    expect(together({...text, text: 'a', signature: null}, {...text, text: 'b'}, {...text, id: 'r1', signature: 'sig'})).toEqual([
      {...text, text: 'ab', id: 'r1', signature: 'sig'},
    ])
  })

  it.each([
    ['type', {type: 'reasoning.encrypted', index: 0, id: 'r1', data: 'x'}],
    ['index', {type: 'reasoning.text', index: 1, id: 'r1', text: 'x'}],
    ['id', {type: 'reasoning.text', index: 0, id: 'r2', text: 'x'}],
  ])('of another %s stay apart', (_, other) => {
    const first = {type: 'reasoning.text', index: 0, id: 'r1', text: 'a'}
    expect(together(first, other)).toEqual([first, other])
  })
})
