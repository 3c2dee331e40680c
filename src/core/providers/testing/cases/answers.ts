import assert from 'node:assert/strict'
import type {AdapterEvent} from '../../answer-assembler.js'
import type {FinishReason, Usage} from '../../provider.js'
import {type ConformanceCase, caseOf, type WiredSubject} from '../bench.js'
import {readFinished} from '../read-answer.js'
import {answerWith} from '../replies.js'
import {ask, finish, PIECES, replyWith, TEXT, texts} from '../samples.js'

const USAGE: Required<Usage> = {inputTokens: 42, outputTokens: 17, reasoningTokens: 5, cachedTokens: 30, cacheWriteTokens: 7, cost: 0.0125}
const REASONS: FinishReason[] = ['stop', 'length']

/** What a provider makes of a server's answer. */
export function answerCases(subject: WiredSubject): ConformanceCase[] {
  const {wire, model, capabilities} = subject
  const usage: Usage = Object.fromEntries(wire.usage.map((count) => [count, USAGE[count]]))
  const answer: AdapterEvent[] = [...texts(), {type: 'usage', usage}, finish()]
  const cases = [
    caseOf(subject, 'text comes as it was sent, piece by piece', async (bench) => {
      bench.server.reply(replyWith(wire, answer))
      const {events, text} = await readFinished((await bench.open()).stream(ask(model)))
      assert.equal(text, TEXT)
      assert.deepEqual(
        events.filter(({type}) => type === 'text').map((event) => event.type === 'text' && event.text),
        PIECES,
      )
    }),
    caseOf(subject, 'a piece is passed on before the next has been sent', async (bench) => {
      let goOn = () => {}
      const seen = new Promise<void>((resolve) => {
        goOn = resolve
      })
      bench.server.reply(async (exchange) => {
        exchange.head(200, {'content-type': wire.contentType})
        for (const piece of wire.answer(texts(PIECES.slice(0, 1)))) await exchange.write(piece)
        await seen
        for (const piece of wire.answer([...texts(PIECES.slice(1)), finish()])) await exchange.write(piece)
        exchange.end()
      })
      let text = ''
      for await (const event of (await bench.open({timeouts: {firstToken: 5}})).stream(ask(model))) {
        if (event.type === 'text') goOn()
        if (event.type === 'text') text += event.text
      }
      assert.equal(text, TEXT)
    }),
    caseOf(subject, 'generate returns what stream tells', async (bench) => {
      bench.server.reply(replyWith(wire, answer))
      const provider = await bench.open()
      const response = await provider.generate(ask(model))
      assert.equal(response.text, TEXT)
      assert.deepEqual(response.message, {role: 'assistant', content: [{type: 'text', text: TEXT}], origin: `${subject.plugin.id}/${model}`})
      assert.equal(response.finishReason, 'stop')
      assert.deepEqual(response.usage, usage)
      const {events} = await readFinished(provider.stream(ask(model)))
      assert.deepEqual(events.filter((event) => event.type === 'usage').at(-1), {type: 'usage', usage})
    }),
    ...REASONS.map((reason) =>
      caseOf(subject, `the finish reason ${reason} is passed on`, async (bench) => {
        bench.server.reply(replyWith(wire, [...texts(), finish(reason)]))
        assert.equal((await readFinished((await bench.open()).stream(ask(model)))).finish, reason)
      }),
    ),
    caseOf(subject, 'an answer without text is an empty one', async (bench) => {
      bench.server.reply(replyWith(wire, [finish()]))
      assert.equal((await (await bench.open()).generate(ask(model))).text, '')
    }),
    caseOf(subject, 'several answers at once do not mix', async (bench) => {
      bench.server.reply(...[1, 2, 3].map((number) => replyWith(wire, [...texts([`${number}`, `${number}`]), finish()])))
      const provider = await bench.open()
      const answers = await Promise.all([1, 2, 3].map(() => provider.generate(ask(model))))
      assert.deepEqual(answers.map(({text}) => text).sort(), ['11', '22', '33'])
    }),
    caseOf(subject, 'the models of the server are listed', async (bench) => {
      bench.server.reply(answerWith([wire.modelsBody([model, 'another'])], {contentType: 'application/json'}))
      const provider = await bench.open()
      await provider.validateConfig()
      assert.deepEqual(Array.from(await provider.listModels(), ({id}) => id).sort(), [model, 'another'].sort())
    }),
  ]
  if (!capabilities.reasoning) return cases
  return [
    ...cases,
    caseOf(subject, 'reasoning is told apart from text', async (bench) => {
      const thoughts = ['Hm', ', ', 'größer?']
      bench.server.reply(replyWith(wire, [...thoughts.map((text) => ({type: 'reasoning', text}) as const), ...texts(), finish()]))
      const provider = await bench.open()
      const request = {model, prompt: 'Which is greater?', reasoning: {effort: 'high'}} as const
      const response = await provider.generateWithReasoning(request)
      assert.equal(response.reasoning, thoughts.join(''))
      assert.equal(response.text, TEXT)
    }),
  ]
}
