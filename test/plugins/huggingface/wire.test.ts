import {describe, expect, it} from '@jest/globals'
import type {ChatRequest} from '../../../src/core/providers/provider.js'
import {toHuggingFaceRequest} from '../../../src/plugins/huggingface/wire.js'

const ask = (request: Partial<ChatRequest>) =>
  toHuggingFaceRequest({model: 'org/name', messages: [{role: 'user', content: 'Hi'}], tools: [], toolChoice: 'auto', ...request})

describe('how hard a model is to think', () => {
  it.each([
    ['openai/gpt-oss-120b:groq', 'none', 'low'],
    ['openai/gpt-oss-20b', 'high', 'high'],
    ['zai-org/GLM-4.7', 'none', 'none'],
    ['zai-org/GLM-4.7', 'low', 'low'],
  ] as const)('%s, %s', (model, effort, expected) => {
    expect(ask({model, reasoning: {effort}}).reasoning_effort).toBe(expected)
  })
})

describe('files', () => {
  const send = (mediaType: string) =>
    ask({messages: [{role: 'user', content: [{type: 'attachment', name: 'file', mediaType, data: Buffer.from('text')}]}]}).messages[0]

  it('are images and text', () => {
    expect(send('image/png')?.content).toEqual([{type: 'image_url', image_url: {url: 'data:image/png;base64,dGV4dA=='}}])
    expect(send('text/plain')?.content).toBe('file:\ntext')
  })

  it('are no PDFs', () => {
    expect(() => send('application/pdf')).toThrow(/file.*application\/pdf/)
  })
})
