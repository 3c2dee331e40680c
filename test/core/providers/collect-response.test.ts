import {describe, expect, it} from '@jest/globals'
import {HelixError} from '../../../src/core/errors/helix-error.js'
import {collectResponse} from '../../../src/core/providers/collect-response.js'
import type {ProviderEvent} from '../../../src/core/providers/provider.js'

async function* play(events: ProviderEvent[]): AsyncGenerator<ProviderEvent> {
  yield* events
}

describe('a whole answer', () => {
  it('has its parts in their order, and its thoughts apart where each is signed', async () => {
    const response = await collectResponse(
      play([
        {type: 'reasoning', text: 'First'},
        {type: 'reasoning', text: '.', signature: 'one'},
        {type: 'reasoning', text: 'Then.', signature: 'two'},
        {type: 'reasoning', text: '', signature: 'three'},
        {type: 'text', text: 'I '},
        {type: 'text', text: 'look.'},
        {type: 'tool_call_start', id: 'a', name: 'look'},
        {type: 'tool_call_delta', id: 'a', arguments: '{}'},
        {type: 'tool_call_end', id: 'a', name: 'look', arguments: '{}'},
        {type: 'text', text: 'Done.'},
        {type: 'usage', usage: {inputTokens: 1}},
        {type: 'usage', usage: {outputTokens: 2}},
        {type: 'finish', reason: 'tool_calls'},
      ]),
      'lines/m',
    )
    const call = {type: 'tool_call', id: 'a', name: 'look', arguments: '{}'}
    expect(response).toEqual({
      text: 'I look.Done.',
      reasoning: 'First.Then.',
      toolCalls: [call],
      finishReason: 'tool_calls',
      usage: {inputTokens: 1, outputTokens: 2},
      message: {
        role: 'assistant',
        content: [
          {type: 'reasoning', text: 'First.', signature: 'one'},
          {type: 'reasoning', text: 'Then.', signature: 'two'},
          {type: 'reasoning', text: '', signature: 'three'},
          {type: 'text', text: 'I look.'},
          call,
          {type: 'text', text: 'Done.'},
        ],
        origin: 'lines/m',
      },
    })
  })

  it('is none when it ends with an error', async () => {
    const error = new HelixError('busy', 'later', {code: 'LATER'})
    await expect(
      collectResponse(
        play([
          {type: 'text', text: 'I'},
          {type: 'error', error},
        ]),
        'lines/m',
      ),
    ).rejects.toBe(error)
  })
})
