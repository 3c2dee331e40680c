import assert from 'node:assert/strict'
import {type Bench, type ConformanceCase, caseOf, type WiredSubject} from '../bench.js'
import type {Reply} from '../fake-server.js'
import {readFailed, readFinished} from '../read-answer.js'
import {answerWith} from '../replies.js'
import {ask, finish, PIECES, replyWith, TEXT, texts} from '../samples.js'

/** Milliseconds; the first wait where the server asks for none. */
const FIRST_BACKOFF = {least: 100, most: 1000}

/** What may pass is tried again, as the server asks; what may not, or has begun, is not. */
export function retryCases(subject: WiredSubject): ConformanceCase[] {
  const {wire, model} = subject
  const good = replyWith(wire, [...texts(), finish()])
  const failing = (status: number, headers: Record<string, string> = {}): Reply =>
    answerWith([wire.errorBody(status, 'not now')], {contentType: 'application/json', status, headers})
  const stream = async (bench: Bench) => (await bench.open()).stream(ask(model))

  const retried = async (bench: Bench) => {
    assert.equal((await readFinished(await stream(bench))).text, TEXT)
    assert.equal(bench.server.requests.length, 2)
    assert.deepEqual(bench.server.requests[1]?.body, bench.server.requests[0]?.body)
    assert.deepEqual(
      bench.retries.map(({waitMs}) => waitMs),
      bench.clock.waits,
    )
    const [wait = Number.NaN, ...more] = bench.clock.waits
    assert.equal(more.length, 0)
    return wait
  }

  const cases = [
    caseOf(subject, '429 with Retry-After in seconds: waits that long', async (bench) => {
      bench.server.reply(failing(429, {'retry-after': '7'}), good)
      assert.equal(await retried(bench), 7000)
    }),
    caseOf(subject, '429 with Retry-After as a date: waits until then', async (bench) => {
      bench.server.reply(failing(429, {'retry-after': new Date(Date.now() + 9000).toUTCString()}), good)
      const wait = await retried(bench)
      assert.ok(wait > 5000 && wait <= 9000, `waited ${wait} ms`)
    }),
    caseOf(subject, '429 with Retry-After that is nonsense: waits as without one', async (bench) => {
      bench.server.reply(failing(429, {'retry-after': 'soon'}), good)
      checkBackoff(await retried(bench))
    }),
    ...[429, 500, 502, 503, 529].map((status) =>
      caseOf(subject, `${status} without Retry-After, then success: waits a little`, async (bench) => {
        bench.server.reply(failing(status), good)
        checkBackoff(await retried(bench))
      }),
    ),
    caseOf(subject, 'waits longer each time, and no more often than the retries say', async (bench) => {
      bench.server.reply(failing(500))
      await readFailed((await bench.open({retries: 4})).stream(ask(model)))
      assert.equal(bench.server.requests.length, 5)
      assert.ok((bench.clock.waits[3] ?? 0) > (bench.clock.waits[0] ?? 0) * 2, bench.clock.waits.join())
    }),
    caseOf(subject, 'a Retry-After of more than a minute is not waited for', async (bench) => {
      bench.server.reply(failing(429, {'retry-after': '3600'}))
      const {error} = await readFailed(await stream(bench))
      assert.equal(error.kind, 'busy')
      assert.match(error.message, /3600 s/)
      assert.equal(bench.server.requests.length, 1)
    }),
    ...[400, 401, 403, 404, 422].map((status) =>
      caseOf(subject, `${status} is not tried again`, async (bench) => {
        bench.server.reply(failing(status), good)
        await readFailed(await stream(bench))
        assert.equal(bench.server.requests.length, 1)
      }),
    ),
  ]
  const errorPiece = wire.errorPiece?.('the server is out of memory')
  if (errorPiece === undefined) return cases
  return [
    ...cases,
    caseOf(subject, 'an error event before content: tried again', async (bench) => {
      bench.server.reply(answerWith([errorPiece], wire), good)
      checkBackoff(await retried(bench))
    }),
    caseOf(subject, 'an error event after content: ends the answer, the text stays, nothing is tried again', async (bench) => {
      bench.server.reply(answerWith([...wire.answer(texts(PIECES.slice(0, 1))), errorPiece], wire), good)
      const {error, text} = await readFailed(await stream(bench))
      assert.equal(text, PIECES[0])
      assert.equal(error.kind, 'unavailable')
      assert.match(error.message, /out of memory/)
      assert.equal(bench.server.requests.length, 1)
    }),
  ]
}

function checkBackoff(wait: number): void {
  assert.ok(wait >= FIRST_BACKOFF.least && wait <= FIRST_BACKOFF.most, `waited ${wait} ms`)
}
