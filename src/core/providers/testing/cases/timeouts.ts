import assert from 'node:assert/strict'
import type {Timeouts} from '../../provider-plugin.js'
import {type ConformanceCase, caseOf, type WiredSubject} from '../bench.js'
import type {Reply} from '../fake-server.js'
import {readFailed, readFinished} from '../read-answer.js'
import {answerWith, stallAfter, trickle} from '../replies.js'
import {ask, finish, PIECES, replyWith, texts} from '../samples.js'
import {splitBytes} from '../split-bytes.js'
import {within} from '../within.js'

interface Stall {
  name: string
  timeouts: Partial<Timeouts>
  reply: Reply
  /** What has come before the time is up. */
  text: string | RegExp
}

/** Seconds. */
const SHORT = 0.5

/** A server that is slow beyond the limits is given up, and what has come of its answer stays. */
export function timeoutCases(subject: WiredSubject): ConformanceCase[] {
  const {wire, model} = subject
  const first = wire.answer(texts(PIECES.slice(0, 1)))
  const empty = wire.answer(texts(['']))
  const stalls: Stall[] = [
    {name: 'a stall before the headers', timeouts: {firstToken: SHORT}, reply: stallAfter([], wire), text: ''},
    {name: 'a stall in mid-stream', timeouts: {idle: SHORT}, reply: stallAfter(first, wire), text: PIECES[0] as string},
    {
      name: 'a stall in the middle of a piece',
      timeouts: {idle: SHORT},
      reply: stallAfter([...first, first.join('').slice(0, -4)], wire),
      text: PIECES[0] as string,
    },
    {name: 'pieces without end', timeouts: {total: 1}, reply: trickle(first, 10, wire), text: /^(Grüße)+$/},
    {
      name: 'one byte now and then',
      timeouts: {total: SHORT},
      reply: trickle([...splitBytes(Buffer.from(wire.answer(texts(['a'.repeat(5000)])).join('')), 1)], 10, wire),
      text: '',
    },
    ...(empty.length > 0 ? [{name: 'pieces without a word in them', timeouts: {firstToken: SHORT}, reply: trickle(empty, 10, wire), text: ''}] : []),
    ...(wire.idlePieces.length > 0
      ? [{name: 'keep-alives and nothing else', timeouts: {firstToken: SHORT}, reply: trickle(wire.idlePieces, 10, wire), text: ''}]
      : []),
  ]
  return [
    ...stalls.map(({name, timeouts, reply, text}) =>
      caseOf(subject, `${name}: the answer ends with a timeout, and the connection is closed`, async (bench) => {
        bench.server.reply(reply)
        const answer = await within(5000, 'the stream ends', readFailed((await bench.open({timeouts})).stream(ask(model))))
        assert.deepEqual([answer.error.kind, answer.error.code], ['unavailable', 'TIMEOUT'])
        if (typeof text === 'string') assert.equal(answer.text, text)
        else assert.match(answer.text, text)
        // On a busy machine the time may be up before the request is out.
        assert.ok(bench.server.requests.length <= 1, 'a timeout is not tried again')
        if (bench.server.requests.length > 0) await within(1000, 'the connection is closed', (await bench.server.exchange()).closed)
      }),
    ),
    caseOf(subject, 'a timeout of 0 is none', async (bench) => {
      bench.server.reply(replyWith(wire, [...texts(), finish()]))
      const provider = await bench.open({timeouts: {connect: 0, firstToken: 0, idle: 0, total: 0}})
      assert.equal((await readFinished(provider.stream(ask(model)))).finish, 'stop')
    }),
    caseOf(subject, 'the time that a reader takes does not count as idle', async (bench) => {
      bench.server.reply(answerWith(wire.answer([...texts(), finish()]), wire))
      const provider = await bench.open({timeouts: {idle: SHORT}})
      let last = ''
      for await (const event of provider.stream(ask(model))) {
        if (last === '') await new Promise((resolve) => setTimeout(resolve, SHORT * 2000))
        last = event.type
      }
      assert.equal(last, 'finish')
    }),
  ]
}
