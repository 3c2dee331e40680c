import {expect, test} from '@jest/globals'
import type {AdapterEvent} from '../../../src/core/providers/answer-assembler.js'
import {ProviderError} from '../../../src/core/providers/provider-error.js'
import {finish, ScriptedUser, say, type Turn} from '../../fixtures/scripted-user.js'
import {describeStores} from '../../fixtures/stores.js'

const busy = (): Turn => [new ProviderError('busy', 'first limits the rate of requests', {code: 'RATE_LIMIT', retryable: true})]
const usage = (inputTokens: number, outputTokens: number): AdapterEvent => ({type: 'usage', usage: {inputTokens, outputTokens}})

describeStores('a model with fallbacks', (newStore) => {
  test('is asked once, then the next, and is passed over for a while', async () => {
    const user = new ScriptedUser(await newStore())
    const told: string[] = []
    const setup = {question: {fallbacks: ['second/wise']}, options: {onFallback: (error: Error, next: string) => void told.push(`${error.message} -> ${next}`)}}
    const first = await user.ask({first: [busy()], second: [say('hi')]}, setup)
    expect(first.answer).toMatchObject({text: 'hi', model: 'second/wise'})
    expect(told).toEqual(['first limits the rate of requests -> second/wise'])
    expect(first.events.map(({type}) => type)).toEqual(['text', 'finish'])
    expect(first.sessions).toMatchObject([
      {provider: 'second', role: 'user'},
      {provider: 'second', role: 'assistant'},
    ])
    const again = await user.ask({first: [say('never')], second: [say('hi')]}, setup)
    expect(again.answer?.model).toBe('second/wise')
    expect(again.requests.first).toEqual([])
  })

  test('has its context full: the next is asked, and it is not passed over', async () => {
    const user = new ScriptedUser(await newStore())
    const full = new ProviderError('usage', 'the request is too long', {code: 'CONTEXT_TOO_LONG'})
    const setup = {models: {fallbacks: {'first/wise': ['second/wise']}}}
    expect((await user.ask({first: [[full]], second: [say('hi')]}, setup)).answer?.model).toBe('second/wise')
    expect((await user.ask({first: [say('ho')], second: []}, setup)).answer?.model).toBe('first/wise')
  })

  test.each([
    ['a bad request', [new ProviderError('usage', 'no', {code: 'REQUEST_REFUSED'})], {error: {code: 'REQUEST_REFUSED'}}],
    ['a refused key', [new ProviderError('denied', 'no', {code: 'KEY_REFUSED'})], {error: {code: 'KEY_REFUSED'}}],
    ['a refusal', [finish('refusal')], {answer: {model: 'first/wise', problem: {code: 'ANSWER_REFUSED'}}}],
    ['an answer that is cut off after it has begun', [{type: 'text', text: 'so'}], {error: {code: 'STREAM_CUT'}}],
  ] as [string, Turn, object][])('is not replaced after %s', async (_, turn, expected) => {
    const {requests, ...outcome} = await new ScriptedUser(await newStore()).ask(
      {first: [turn], second: [say('hi')]},
      {question: {fallbacks: ['second/wise']}, configured: {first: {retries: 0}}},
    )
    expect(outcome).toMatchObject(expected)
    expect(requests.second).toEqual([])
  })

  test('ends with what the last of them says, told as an event too', async () => {
    const {error, events} = await new ScriptedUser(await newStore()).ask(
      {first: [busy()], second: [[new ProviderError('unavailable', 'second is down', {code: 'PROVIDER_UNREACHABLE'})]]},
      {question: {fallbacks: ['second/wise']}},
    )
    expect(error).toMatchObject({message: 'second is down'})
    expect(events).toEqual([{type: 'error', error}])
  })

  test('is found by its alias', async () => {
    const {answer, sessions} = await new ScriptedUser(await newStore()).ask(
      {first: [busy()], second: [say('hi')]},
      {question: {model: 'fast'}, models: {aliases: {fast: 'first/wise', slow: 'second/wise'}, fallbacks: {fast: ['slow']}}},
    )
    expect(answer?.model).toBe('second/wise')
    expect(sessions[0]).toMatchObject({provider: 'second', model: 'wise'})
  })
})

describeStores('what an answer costs', (newStore) => {
  const answer: Turn = [{type: 'text', text: '[]'}, usage(2, 3), finish()]

  test('is told and kept, corrections included', async () => {
    const wrong: Turn = [{type: 'text', text: 'no'}, usage(1, 1), finish()]
    const asked = await new ScriptedUser(await newStore()).ask({paid: [wrong, answer]}, {question: {schema: {type: 'array'}}})
    expect(asked.answer?.cost).toBe(3 + 8)
    expect(asked.sessions.map((row) => row.cost)).toEqual([null, 3, null, 8])
  })

  test('is not known of a model without a price, and counts nothing', async () => {
    const {answer: free, sessions} = await new ScriptedUser(await newStore()).ask({free: [answer]}, {question: {maxCost: 0}})
    expect(free).not.toHaveProperty('cost')
    expect(sessions.at(-1)?.cost).toBeNull()
  })

  test('is by the price of the config where that has one', async () => {
    const configured = {free: {prices: {wise: {input: 1_000_000, output: 1_000_000}}}}
    expect((await new ScriptedUser(await newStore()).ask({free: [answer]}, {configured})).answer?.cost).toBe(5)
  })

  test('does not limit an answer where what is left pays for more than the model writes', async () => {
    const {answer: cheap, requests} = await new ScriptedUser(await newStore()).ask({paid: [answer]}, {question: {maxCost: 1e9}})
    expect(cheap?.cost).toBe(8)
    expect(requests.paid?.[0]).not.toHaveProperty('maxTokens', expect.any(Number))
  })

  test('is limited for one question, and by day for a project', async () => {
    const user = new ScriptedUser(await newStore())
    const maxed = await user.ask({paid: [answer]}, {question: {maxCost: 0.5}})
    expect(maxed.error).toMatchObject({kind: 'denied', code: 'BUDGET_EXCEEDED'})
    expect(maxed.requests.paid).toEqual([])

    const models = {max_cost_per_day: {default: 100, other: 100}}
    const first = await user.ask({paid: [[{type: 'text', text: 'x'}, usage(40, 25), finish()]]}, {models})
    expect(first.answer?.cost).toBe(90)
    // What is left pays for no more than that.
    expect(first.requests.paid?.[0]?.maxTokens).toBeGreaterThan(0)
    expect(first.requests.paid?.[0]?.maxTokens).toBeLessThan(50)
    const second = await user.ask({paid: [answer]}, {models})
    expect(second.error).toMatchObject({code: 'BUDGET_EXCEEDED', message: expect.stringContaining('the project default')})
    expect((await user.ask({paid: [answer]}, {models, question: {project: 'other'}})).answer?.cost).toBe(8)
  })
})
