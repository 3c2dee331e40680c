import assert from 'node:assert/strict'
import {type ConformanceCase, caseOf, type Subject} from '../bench.js'
import {readFailed, readFinished} from '../read-answer.js'
import {ask} from '../samples.js'
import {within} from '../within.js'

const SCHEMA = {type: 'object', properties: {answer: {type: 'boolean'}}, required: ['answer'], additionalProperties: false}

/** What holds for the answers of a model that runs in this process. */
export function modelCases(subject: Subject): ConformanceCase[] {
  const request = {...ask(subject.model), temperature: 0, maxTokens: 24}
  const long = {...ask(subject.model), maxTokens: 4096, messages: [{role: 'user' as const, content: 'Count from one to ten thousand, in words.'}]}
  const cases = [
    caseOf(subject, 'generates text, and says why it stopped and what it used', async (bench) => {
      const {text, finishReason, usage, message} = await (await bench.open()).generate(request)
      assert.ok(text.length > 0)
      assert.ok(finishReason === 'stop' || finishReason === 'length')
      assert.ok((usage.inputTokens ?? 0) > 0 && (usage.outputTokens ?? 0) > 0)
      assert.equal(message.role, 'assistant')
    }),
    caseOf(subject, 'streams what it generates', async (bench) => {
      const provider = await bench.open()
      const streamed = await readFinished(provider.stream(request))
      assert.equal(streamed.text, (await provider.generate(request)).text)
      assert.ok(streamed.events.filter(({type}) => type === 'text').length > 1, 'the text comes in pieces')
    }),
    caseOf(subject, 'stops at max_tokens', async (bench) => {
      const {finishReason, usage} = await (await bench.open()).generate({...long, maxTokens: 5})
      assert.equal(finishReason, 'length')
      assert.ok((usage.outputTokens ?? 0) <= 5)
    }),
    caseOf(subject, 'ends within a second of being cancelled in mid-stream', async (bench) => {
      const controller = new AbortController()
      const stream = (await bench.open()).stream(long, {signal: controller.signal})[Symbol.asyncIterator]()
      await stream.next()
      controller.abort()
      const {error} = await within(1000, 'the stream ends', readFailed({[Symbol.asyncIterator]: () => stream}))
      assert.equal(error.kind, 'interrupted')
    }),
    caseOf(subject, 'answers again after a reader has stopped early', async (bench) => {
      const provider = await bench.open()
      for await (const event of provider.stream(long)) if (event.type === 'text') break
      assert.ok((await provider.generate(request)).text.length > 0)
    }),
  ]
  if (!subject.capabilities.schema) return cases
  return [
    ...cases,
    caseOf(subject, 'answers as the schema says', async (bench) => {
      const {text} = await (await bench.open()).generate({...ask(subject.model), maxTokens: 200, schema: SCHEMA})
      const value = JSON.parse(text)
      assert.deepEqual(Object.keys(value), ['answer'])
      assert.equal(typeof value.answer, 'boolean')
    }),
  ]
}
