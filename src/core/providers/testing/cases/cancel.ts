import assert from 'node:assert/strict'
import {type ConformanceCase, caseOf, type WiredSubject} from '../bench.js'
import {readFailed} from '../read-answer.js'
import {answerWith, stallAfter} from '../replies.js'
import {ask, PIECES, texts} from '../samples.js'
import {within} from '../within.js'

/** A call that nobody wants any more ends within a second, and so does its request. */
export function cancelCases(subject: WiredSubject): ConformanceCase[] {
  const {wire, model} = subject
  const begun = wire.answer(texts(PIECES.slice(0, 1)))

  return [
    caseOf(subject, 'cancelled before the headers: ends within a second and hangs up', async (bench) => {
      bench.server.reply(stallAfter([], wire))
      const controller = new AbortController()
      const answer = readFailed((await bench.open()).stream(ask(model), {signal: controller.signal}))
      const exchange = await bench.server.exchange()
      controller.abort()
      const {error} = await within(1000, 'the stream ends', answer)
      assert.equal(error.kind, 'interrupted')
      await within(1000, 'the connection is closed', exchange.closed)
    }),
    caseOf(subject, 'cancelled in mid-stream: ends within a second and hangs up', async (bench) => {
      bench.server.reply(stallAfter(begun, wire))
      const controller = new AbortController()
      let text = ''
      for await (const event of (await bench.open()).stream(ask(model), {signal: controller.signal})) {
        if (event.type === 'text') {
          text += event.text
          setTimeout(() => controller.abort())
        } else if (event.type === 'error') {
          assert.equal(event.error.kind, 'interrupted')
        }
      }
      assert.equal(text, PIECES[0])
      await within(1000, 'the connection is closed', (await bench.server.exchange()).closed)
    }),
    caseOf(subject, 'cancelled in generate: rejects within a second and hangs up', async (bench) => {
      bench.server.reply(stallAfter([], wire))
      const controller = new AbortController()
      const answer = (await bench.open()).generate(ask(model), {signal: controller.signal})
      const exchange = await bench.server.exchange()
      controller.abort()
      await assert.rejects(within(1000, 'the call ends', answer), {kind: 'interrupted'})
      await within(1000, 'the connection is closed', exchange.closed)
    }),
    caseOf(subject, 'cancelled while it waits for another attempt: ends without one', async (bench) => {
      const controller = new AbortController()
      bench.server.reply(answerWith([wire.errorBody(503, 'later')], {status: 503, contentType: 'application/json'}))
      bench.clock.sleep = (_, signal) => {
        controller.abort()
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), {once: true}))
      }
      const {error} = await within(1000, 'the stream ends', readFailed((await bench.open()).stream(ask(model), {signal: controller.signal})))
      assert.equal(error.kind, 'interrupted')
      assert.equal(bench.server.requests.length, 1)
    }),
    caseOf(subject, 'a reader that stops early: the connection is closed within a second', async (bench) => {
      bench.server.reply(stallAfter(begun, wire))
      for await (const event of (await bench.open()).stream(ask(model))) if (event.type === 'text') break
      await within(1000, 'the connection is closed', (await bench.server.exchange()).closed)
    }),
    caseOf(subject, 'cancelled while it lists models: rejects within a second', async (bench) => {
      bench.server.reply(stallAfter([], wire))
      const controller = new AbortController()
      const models = (await bench.open()).listModels({signal: controller.signal})
      await bench.server.exchange()
      controller.abort()
      await assert.rejects(within(1000, 'the call ends', models), {kind: 'interrupted'})
    }),
  ]
}
