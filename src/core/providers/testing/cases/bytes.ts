import assert from 'node:assert/strict'
import type {AdapterEvent} from '../../answer-assembler.js'
import {type ConformanceCase, caseOf, type WiredSubject} from '../bench.js'
import {readFinished} from '../read-answer.js'
import {answerWith} from '../replies.js'
import {ask, callOf, finish, TOOLS, texts, WEATHER} from '../samples.js'
import {splittingFetch} from '../split-bytes.js'

/** Bytes that the network delivers at once. */
const SIZES = [1, 2, 3, 7, 64]

/** However the bytes of an answer are split and decorated, its events are the same. */
export function byteCases(subject: WiredSubject): ConformanceCase[] {
  const {wire, model, capabilities} = subject
  const answer: AdapterEvent[] = [
    ...(capabilities.reasoning ? [{type: 'reasoning', text: 'Hm … 🤔'} as const] : []),
    ...texts(),
    ...(capabilities.tools ? callOf('call_1', WEATHER.name, ['{"city": ', '"Köln 🏙"}']) : []),
    {type: 'usage', usage: Object.fromEntries(wire.usage.map((count, index) => [count, index + 1]))},
    finish(capabilities.tools ? 'tool_calls' : 'stop'),
  ]
  const whole = wire.answer(answer)
  const crlf = whole.map((piece) => piece.replaceAll('\n', '\r\n'))
  const idle = [...wire.idlePieces, ...whole.flatMap((piece) => [piece, ...wire.idlePieces])]

  const same = (name: string, pieces: readonly string[], size?: number) =>
    caseOf(subject, name, async (bench) => {
      const events = async (sent: readonly string[], fetch?: typeof globalThis.fetch) => {
        bench.server.reply(answerWith(sent, wire))
        const provider = await bench.open(fetch && {fetch})
        const request = ask(model)
        return (await readFinished(capabilities.tools ? provider.streamWithTools({...request, tools: TOOLS}) : provider.stream(request))).events
      }
      assert.deepEqual(await events(pieces, size === undefined ? undefined : splittingFetch(size)), await events(whole))
    })

  return [
    same('an answer that comes all at once gives the same events', [whole.join('')]),
    ...SIZES.map((size) => same(`an answer in pieces of ${size} bytes gives the same events`, whole, size)),
    ...(wire.idlePieces.length > 0
      ? [same('comments, keep-alives and chunks of metadata change nothing', idle), same('nor do they byte by byte', idle, 1)]
      : []),
    ...(wire.allowsCrlf ? [same('lines that end in CRLF give the same events', crlf), same('so do they byte by byte', crlf, 1)] : []),
  ]
}
