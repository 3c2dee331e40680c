import {execFileSync, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, readFileSync} from 'node:fs'
import {createServer} from 'node:https'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {describe, expect, it} from '@jest/globals'
import {openFetch} from '../../../src/core/providers/open-fetch.js'
import {readRetryAfter, toProviderError} from '../../../src/core/providers/provider-error.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {runFolder} from '../../fixtures/run-folder.js'

const CONTEXT = {provider: 'acme', endpoint: 'https://api.acme.example', model: 'm-1', now: Date.parse('2026-01-01T00:00:00Z')}

describe('a refused request', () => {
  it.each([
    [400, 'top_p is too large', 'usage', 'REQUEST_REFUSED', false],
    [400, "This model's maximum context length is 8192 tokens", 'usage', 'CONTEXT_TOO_LONG', false],
    [400, 'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000', 'usage', 'CONTEXT_TOO_LONG', false],
    [400, 'The input token count (2551556) exceeds the maximum number of tokens allowed (1048576).', 'usage', 'CONTEXT_TOO_LONG', false],
    [400, 'Invalid API key', 'denied', 'KEY_REFUSED', false],
    [401, 'who are you?', 'denied', 'KEY_REFUSED', false],
    [402, 'pay first', 'denied', 'QUOTA_EXCEEDED', false],
    [403, 'not you', 'denied', 'KEY_REFUSED', false],
    [404, 'The model `m-1` does not exist', 'usage', 'MODEL_UNKNOWN', false],
    [404, 'page not found', 'config', 'ENDPOINT_WRONG', false],
    [408, 'too slow', 'unavailable', 'PROVIDER_FAILED', true],
    [413, 'prompt is too long', 'usage', 'CONTEXT_TOO_LONG', false],
    [422, 'no such field', 'usage', 'REQUEST_REFUSED', false],
    [429, 'slow down', 'busy', 'RATE_LIMIT', true],
    [429, 'You exceeded your current quota, please check your plan', 'denied', 'QUOTA_EXCEEDED', false],
    [500, 'oops', 'unavailable', 'PROVIDER_FAILED', true],
    [501, 'not written yet', 'unavailable', 'PROVIDER_FAILED', false],
    [503, 'loading', 'busy', 'PROVIDER_FAILED', true],
    [529, 'overloaded', 'busy', 'PROVIDER_FAILED', true],
  ])('%i %s: %s, %s', (status, message, kind, code, retryable) => {
    const error = toProviderError({status, message}, CONTEXT)
    expect(error).toMatchObject({kind, code, retryable})
    expect(error.message).toContain('acme')
  })

  it('is told by the provider’s own word too', () => {
    expect(toProviderError({status: 429, code: 'insufficient_quota', message: 'no'}, CONTEXT)).toMatchObject({code: 'QUOTA_EXCEEDED'})
    expect(toProviderError({status: 400, code: 'API_KEY_INVALID', message: 'no'}, CONTEXT)).toMatchObject({code: 'KEY_REFUSED'})
    expect(toProviderError({status: 404, code: 'model_not_found', message: 'no'}, CONTEXT)).toMatchObject({code: 'MODEL_UNKNOWN'})
  })

  it('is told in one line of bearable length', () => {
    const {message} = toProviderError({status: 500, message: `${'long\n'.repeat(1000)}`}, CONTEXT)
    expect(message).not.toContain('\n')
    expect(message.length).toBeLessThan(400)
  })

  it('carries how long to wait', () => {
    const headers = new Headers({'retry-after': '12'})
    expect(toProviderError({status: 503, message: 'later', headers}, CONTEXT).retryAfterMs).toBe(12_000)
  })
})

describe('a lost connection', () => {
  const lost = (code: string) => new TypeError('fetch failed', {cause: Object.assign(new Error(code), {code})})

  it.each([
    ['ECONNREFUSED', 'nothing listens there', false],
    ['ENOTFOUND', 'there is no such host', false],
    ['ECONNRESET', 'the connection was cut', true],
    ['UND_ERR_SOCKET', 'the connection was cut', true],
  ])('by %s: %s', (code, reason, retryable) => {
    const error = toProviderError({message: 'fetch failed', cause: lost(code)}, CONTEXT)
    expect(error).toMatchObject({kind: 'unavailable', code: 'PROVIDER_UNREACHABLE', retryable})
    expect(error.message).toBe(`acme cannot be reached at https://api.acme.example: ${reason}`)
  })

  it('is found below several addresses that were tried', () => {
    const cause = new AggregateError([Object.assign(new Error('x'), {code: 'ECONNREFUSED'})])
    expect(toProviderError({message: 'fetch failed', cause: new TypeError('fetch failed', {cause})}, CONTEXT).message).toContain('nothing listens there')
  })

  it('of an unknown kind is told in its own words', () => {
    expect(toProviderError({message: 'self-signed certificate', cause: lost('SOME_CODE')}, CONTEXT).message).toContain('self-signed certificate')
  })
})

describe('how long to wait', () => {
  it.each([
    [{'retry-after': '7'}, 7000],
    [{'retry-after': '0.5'}, 500],
    [{'retry-after': '0'}, 0],
    [{'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT'}, 30_000],
    [{'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT'}, 0],
    [{'retry-after-ms': '250', 'retry-after': '1'}, 250],
    [{'retry-after': 'soon'}, undefined],
    [{'retry-after': ''}, undefined],
    [{'retry-after-ms': '-1', 'retry-after': '3'}, 3000],
    [{}, undefined],
  ])('%j: %s ms', (headers, expected) => {
    expect(readRetryAfter(new Headers(headers as Record<string, string>), CONTEXT.now)).toBe(expected)
  })
})

const opensslMissing = spawnSync('openssl', ['version']).status === 0 ? undefined : 'no openssl to make one with'

describeUnless(opensslMissing, 'a certificate that nobody vouches for', () => {
  it('is told as such, with what to do about it', async () => {
    const folder = mkdtempSync(join(runFolder(), 'certificate-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', key, '-out', cert], {stdio: 'ignore'})
    const server = createServer({key: readFileSync(key), cert: readFileSync(cert)}, (_, response) => response.end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const {fetch, close} = await openFetch(5)
    const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`
    const thrown = await fetch(endpoint).catch((error: unknown) => error)
    await close()
    server.close()
    expect(toProviderError({message: 'fetch failed', cause: thrown}, {...CONTEXT, endpoint})).toMatchObject({
      ...{kind: 'config', code: 'CERTIFICATE_REFUSED', retryable: false, hint: expect.stringContaining('NODE_EXTRA_CA_CERTS')},
      message: `acme: the certificate of ${endpoint} is not accepted: self-signed certificate`,
    })
  })
})
