import assert from 'node:assert/strict'
import type {AdapterEvent} from '../../answer-assembler.js'
import type {ProviderEvent} from '../../provider.js'
import {type ConformanceCase, caseOf, type WiredSubject} from '../bench.js'
import {readAnswer, readFailed, readFinished} from '../read-answer.js'
import {answerWith, cutAfter} from '../replies.js'
import {ask, callOf, finish, PIECES, replyWith, TEXT, TOOLS, texts, WEATHER} from '../samples.js'

/** Ways in which an answer stops before its end: the connection is lost, or the server just ends its body. */
const WAYS = {cut: cutAfter, 'ended without a finish': answerWith}

/** A stream that stops before its end is never taken for an answer. */
export function cutCases(subject: WiredSubject): ConformanceCase[] {
  const {wire, model} = subject
  const answer: AdapterEvent[] = [...texts(), finish()]
  const request = ask(model)

  const cases = [
    caseOf(subject, 'cut before the headers: tried again', async (bench) => {
      bench.server.reply(cutAfter([], {...wire, beforeHeaders: true}), replyWith(wire, answer))
      assert.equal((await readFinished((await bench.open()).stream(request))).text, TEXT)
      assert.equal(bench.server.requests.length, 2)
    }),
    caseOf(subject, 'cut before the headers each time: an error in the end', async (bench) => {
      bench.server.reply(cutAfter([], {...wire, beforeHeaders: true}))
      const {error} = await readFailed((await bench.open({retries: 1})).stream(request))
      assert.equal(error.kind, 'unavailable')
      assert.equal(bench.server.requests.length, 2)
    }),
  ]
  for (const [way, stop] of Object.entries(WAYS)) {
    cases.push(
      caseOf(subject, `${way} after the headers: tried again`, async (bench) => {
        bench.server.reply(stop([], wire), replyWith(wire, answer))
        assert.equal((await readFinished((await bench.open()).stream(request))).text, TEXT)
        assert.equal(bench.server.requests.length, 2)
      }),
      caseOf(subject, `${way} after content: an error, the text stays, nothing is tried again`, async (bench) => {
        const told = PIECES.slice(0, 2)
        const seen = new Signal()
        bench.server.reply(async (exchange) => {
          exchange.head(200, {'content-type': wire.contentType})
          for (const piece of wire.answer(texts(told))) await exchange.write(piece)
          // What has not been read when the connection goes may be lost.
          await seen.given
          if (way === 'cut') exchange.cut()
          else exchange.end()
        })
        const {error, text} = await readFailed(seen.when((await bench.open()).stream(request), told.join('')))
        assert.deepEqual([error.kind, error.code], ['unavailable', 'STREAM_CUT'])
        assert.equal(text, told.join(''))
        assert.equal(bench.server.requests.length, 1)
        await assert.rejects((await bench.open()).generate(request), {code: 'STREAM_CUT'})
      }),
      caseOf(subject, `${way} after any byte: never a finished answer that lacks something`, async (bench) => {
        const bytes = Buffer.from(wire.answer(answer).join(''))
        const content = Buffer.from(wire.answer(texts()).join('')).length
        const provider = await bench.open({retries: 0})
        for (const length of positions(bytes.length)) {
          bench.server.reply(stop([bytes.subarray(0, length)], wire))
          const {text, finish: reason} = await readAnswer(provider.stream(request))
          assert.ok(TEXT.startsWith(text), `only what was sent, cut after ${length} bytes`)
          if (reason !== undefined) assert.equal(text, TEXT)
          if (length < content - 4) assert.equal(reason, undefined, `no finish, cut after ${length} of ${content} bytes`)
        }
      }),
    )
    if (!subject.capabilities.tools) continue
    cases.push(
      caseOf(subject, `${way} in a tool call: the call does not end`, async (bench) => {
        const begun = callOf('call_1', WEATHER.name, ['{"city": "Köln"}'])
        const pieces = wire.toolArguments === 'text' ? wire.answer(begun.slice(0, -1)) : [wire.answer(begun).join('').slice(0, -4)]
        bench.server.reply(stop(pieces, wire))
        const {calls, error} = await readFailed((await bench.open({retries: 0})).streamWithTools({...request, tools: TOOLS}))
        assert.equal(error.kind, 'unavailable')
        assert.deepEqual(calls, [])
      }),
    )
  }
  return cases
}

/** Tells the server that a text has arrived. */
class Signal {
  give: () => void = () => {}
  readonly given: Promise<void> = new Promise((resolve) => {
    this.give = resolve
  })

  async *when(events: AsyncIterable<ProviderEvent>, text: string): AsyncGenerator<ProviderEvent> {
    let read = ''
    for await (const event of events) {
      if (event.type === 'text') read += event.text
      if (read === text) this.give()
      yield event
    }
  }
}

/** Some sixty places in a text of so many bytes, the last ones all. */
function positions(length: number): number[] {
  const step = Math.max(1, Math.floor(length / 40))
  return Array.from({length: length - 1}, (_, index) => index + 1).filter((position) => position % step === 0 || position > length - 20)
}
