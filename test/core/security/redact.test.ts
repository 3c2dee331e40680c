import {describe, expect, it} from '@jest/globals'
import {redact, redactValue} from '../../../src/core/security/redact.js'

describe('redacting text', () => {
  it.each([
    ['postgres://user:hunter2@host/db', 'postgres://user:[redacted]@host/db'],
    ['postgresql://user:hun/ter@2@host/db', 'postgresql://user:[redacted]@host/db'],
    ['cannot reach https://:hunter2@host:8080/x?token=hunter2&a=1', 'cannot reach https://:[redacted]@host:8080/x?token=[redacted]&a=1'],
    ['Authorization: Bearer hunter2hunter2', 'Authorization: [redacted] [redacted]'],
    ['{"api_key":"hun\\"ter2","model":"m"}', '{"api_key":[redacted],"model":"m"}'],
    ['OPENAI_API_KEY=hunter2 helix chat', 'OPENAI_API_KEY=[redacted] helix chat'],
    ["password: 'hunter2', host: a", 'password: [redacted], host: a'],
    ['password=env:GPU_PW', 'password=env:GPU_PW'],
    ['max_tokens=100, tokens: 5, first_token: 7', 'max_tokens=100, tokens: 5, first_token: 7'],
    ['http://host:8080/path and user@host', 'http://host:8080/path and user@host'],
  ])('%s', (text, redacted) => {
    expect(redact(text)).toBe(redacted)
    expect(redact(redact(text))).toBe(redacted)
  })

  it('removes the secrets that it is given, one inside another too', () => {
    expect(redact('abcdef and abc', ['abc', 'abcdef', ''])).toBe('[redacted] and [redacted]')
  })
})

describe('redacting a value', () => {
  it('keeps everything but secrets, and references to them', () => {
    const value = {
      database: {url: 'postgres://u:hunter2@h/d'},
      workers: {pool: {a: {host: 'a', password: 'env:GPU_PW', passphrase: 'hunter2', key_path: '~/.ssh/id'}}},
      providers: {x: {apiKey: 'hunter2', headers: {Authorization: ['hunter2']}, max_tokens: 5, token: null}},
      list: [{secret: 'hunter2'}, 'text'],
    }
    expect(redactValue(value)).toEqual({
      database: {url: 'postgres://u:[redacted]@h/d'},
      workers: {pool: {a: {host: 'a', password: 'env:GPU_PW', passphrase: '[redacted]', key_path: '~/.ssh/id'}}},
      providers: {x: {apiKey: '[redacted]', headers: {Authorization: '[redacted]'}, max_tokens: 5, token: null}},
      list: [{secret: '[redacted]'}, 'text'],
    })
  })
})
