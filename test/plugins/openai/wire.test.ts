import {describe, expect, it} from '@jest/globals'
import {OPENAI_URL} from '../../../src/plugins/openai/endpoint.js'
import {toOpenAIRequest} from '../../../src/plugins/openai/wire.js'

describe('the limit of tokens', () => {
  it.each([
    [OPENAI_URL, 'max_completion_tokens'],
    ['https://eu.api.openai.com/v1', 'max_completion_tokens'],
    ['https://mine.openai.azure.com/openai/v1', 'max_completion_tokens'],
    ['http://127.0.0.1:8000/v1', 'max_tokens'],
    ['https://api.openai.com.example/v1', 'max_tokens'],
    ['https://api.deepseek.com', 'max_tokens'],
  ])('goes to %s as %s', (baseUrl, name) => {
    const {max_tokens, max_completion_tokens} = toOpenAIRequest({model: 'm', messages: [], tools: [], toolChoice: 'auto', maxTokens: 5}, baseUrl)
    expect({max_tokens, max_completion_tokens}).toEqual({max_tokens: undefined, max_completion_tokens: undefined, [name]: 5})
  })
})
