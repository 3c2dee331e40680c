import assert from 'node:assert/strict'
import {inspect} from 'node:util'
import type {ErrorKind} from '../../../errors/helix-error.js'
import {API_KEY, type Bench, type ConformanceCase, caseOf, type WiredSubject} from '../bench.js'
import {FakeServer} from '../fake-server.js'
import {readFailed} from '../read-answer.js'
import {answerWith} from '../replies.js'
import {ask} from '../samples.js'

interface Refusal {
  status: number
  message: string
  kind: ErrorKind
  code: string
}

const JSON_TYPE = {contentType: 'application/json'}
const HTML = '<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n'

/** Every kind of error that a server answers with, as the kit's user must see it. */
export function refusalCases(subject: WiredSubject): ConformanceCase[] {
  const {wire, model} = subject
  const refusals: Refusal[] = [
    {status: 400, message: 'top_p must be below 1', kind: 'usage', code: 'REQUEST_REFUSED'},
    {status: 401, message: `Incorrect API key provided: ${API_KEY}`, kind: 'denied', code: 'KEY_REFUSED'},
    {status: 403, message: `The key ${API_KEY} may not do that`, kind: 'denied', code: 'KEY_REFUSED'},
    {status: 404, message: `model '${model}' not found`, kind: 'usage', code: 'MODEL_UNKNOWN'},
    {status: 429, message: 'slow down', kind: 'busy', code: 'RATE_LIMIT'},
    {status: 500, message: `internal error with ${API_KEY}`, kind: 'unavailable', code: 'PROVIDER_FAILED'},
    {status: 502, message: 'bad gateway', kind: 'unavailable', code: 'PROVIDER_FAILED'},
    {status: 503, message: 'loading model', kind: 'busy', code: 'PROVIDER_FAILED'},
    {status: 529, message: 'overloaded', kind: 'busy', code: 'PROVIDER_FAILED'},
  ]
  const fail = async (bench: Bench) => (await readFailed((await bench.open({retries: 0})).stream(ask(model)))).error

  return [
    ...refusals.map(({status, message, kind, code}) =>
      caseOf(subject, `${status} is an error of kind ${kind} that says why, without the API key`, async (bench) => {
        bench.server.reply(answerWith([wire.errorBody(status, message)], {...JSON_TYPE, status}))
        const error = await fail(bench)
        assert.deepEqual([error.kind, error.code], [kind, code])
        assert.ok(error.message.includes(message.replace(API_KEY, '[redacted]')), error.message)
        checkKeyIsAbsent(error)
      }),
    ),
    caseOf(subject, 'a page of a web server that stands in between is an error in one line', async (bench) => {
      bench.server.reply(answerWith([HTML], {contentType: 'text/html', status: 502}))
      const error = await fail(bench)
      assert.deepEqual([error.kind, error.code], ['unavailable', 'PROVIDER_FAILED'])
      assert.ok(!/[<\n]/.test(error.message), error.message)
    }),
    ...[404, 200].map((status) =>
      caseOf(subject, `a web page with status ${status} instead of an answer: the address is wrong`, async (bench) => {
        bench.server.reply(answerWith([HTML], {contentType: 'text/html', status}))
        const error = await fail(bench)
        assert.deepEqual([error.kind, error.code], ['config', 'ENDPOINT_WRONG'])
        assert.ok(!/[<\n]/.test(error.message), error.message)
        assert.ok(error.message.includes(bench.server.url), 'the message names the address')
        await assert.rejects((await bench.open({retries: 0})).validateConfig(), {kind: 'config', code: 'ENDPOINT_WRONG'})
      }),
    ),
    caseOf(subject, 'validateConfig rejects a key that the server refuses, without naming it', async (bench) => {
      bench.server.reply(answerWith([wire.errorBody(401, `bad key ${API_KEY}`)], {...JSON_TYPE, status: 401}))
      const error = await (await bench.open()).validateConfig().catch((thrown: unknown) => thrown)
      assert.ok(error instanceof Error)
      assert.equal((error as {code?: unknown}).code, 'KEY_REFUSED')
      checkKeyIsAbsent(error)
    }),
    caseOf(subject, 'the API key does not go along to another server that a redirect leads to', async (bench) => {
      const other = await new FakeServer().start()
      try {
        other.reply(answerWith([wire.errorBody(404, 'not here')], {...JSON_TYPE, status: 404}))
        bench.server.reply(answerWith([''], {...JSON_TYPE, status: 307, headers: {location: `${other.url}/v1`}}))
        await fail(bench)
        assert.ok(!JSON.stringify(other.requests).includes(API_KEY), 'the other server got the API key')
      } finally {
        await other.close()
      }
    }),
    caseOf(subject, 'a server that is not there is an error that says so', async (bench) => {
      const provider = await bench.open({retries: 0})
      await bench.server.close()
      const {error} = await readFailed(provider.stream(ask(model)))
      assert.deepEqual([error.kind, error.code], ['unavailable', 'PROVIDER_UNREACHABLE'])
      assert.ok(error.message.includes(bench.server.url), error.message)
      checkKeyIsAbsent(error)
      await assert.rejects(provider.validateConfig(), {kind: 'unavailable', code: 'PROVIDER_UNREACHABLE'})
    }),
  ]
}

function checkKeyIsAbsent(error: Error): void {
  assert.ok(!inspect(error, {depth: 12, showHidden: true}).includes(API_KEY), 'the API key stands in the error or its cause')
}
