import {describe, expect, it} from '@jest/globals'
import {Budget} from '../../../src/core/sessions/budget.js'

const PRICE = {input: 3, output: 15}
const ask = (text: string, maxTokens?: number) => ({messages: [{role: 'user' as const, content: text}], maxTokens})
const perDay = (dollars: number, spent: number) => ({project: 'research', dollars, spent: async () => spent})

describe('a budget', () => {
  it('that has no limit allows anything', async () => {
    const budget = new Budget({maxCost: undefined, perDay: undefined})
    expect(budget.isLimited).toBe(false)
    expect(await budget.allow('a/b', ask('x'.repeat(1e6), 32_000), PRICE)).toBeUndefined()
  })

  it('pays for so many tokens of an answer', async () => {
    const tokens = await new Budget({maxCost: 0.015, perDay: undefined}).allow('a/b', ask('Hi'), PRICE)
    // $0.015 are 1,000 tokens of answer, of which the question takes a few.
    expect(tokens).toBeGreaterThan(980)
    expect(tokens).toBeLessThan(1000)
  })

  it('refuses a question that alone costs more, and an answer that could', async () => {
    const budget = new Budget({maxCost: 0.01, perDay: undefined})
    await expect(budget.allow('a/b', ask('x'.repeat(30_000)), PRICE)).rejects.toMatchObject({kind: 'denied', code: 'BUDGET_EXCEEDED'})
    await expect(budget.allow('a/b', ask('Hi', 1000), PRICE)).rejects.toThrow(/asking a\/b could cost \$0\.02, and \$0\.01 are left of --max-cost 0\.01/)
    expect(await budget.allow('a/b', ask('Hi', 500), PRICE)).toBeGreaterThan(500)
  })

  it('counts what was spent on the question before', async () => {
    const budget = new Budget({maxCost: 0.01, perDay: undefined})
    budget.add(0.0099)
    await expect(budget.allow('a/b', ask('Hi', 500), PRICE)).rejects.toMatchObject({code: 'BUDGET_EXCEEDED'})
  })

  it('of a day counts what the project has spent, and the tightest limit holds', async () => {
    await expect(new Budget({maxCost: 5, perDay: perDay(1, 0.999)}).allow('a/b', ask('Hi', 500), PRICE)).rejects.toThrow(/project research may spend in a day/)
    await expect(new Budget({maxCost: 0.001, perDay: perDay(1, 0)}).allow('a/b', ask('Hi', 500), PRICE)).rejects.toThrow(/--max-cost/)
    await expect(new Budget({maxCost: undefined, perDay: perDay(1, 2)}).allow('a/b', ask('Hi'), PRICE)).rejects.toThrow(/\$0\.000000 are left/)
  })

  it('counts attachments as about what providers do', async () => {
    const image = {type: 'attachment' as const, name: 'a.png', mediaType: 'image/png', data: new Uint8Array(3e6)}
    const request = {messages: [{role: 'user' as const, content: [image]}], maxTokens: 1}
    expect(await new Budget({maxCost: 0.01, perDay: undefined}).allow('a/b', request, PRICE)).toBeGreaterThan(1)
    await expect(new Budget({maxCost: 0.004, perDay: undefined}).allow('a/b', request, PRICE)).rejects.toMatchObject({code: 'BUDGET_EXCEEDED'})
  })

  it('knows that long questions may cost more for each token', async () => {
    const price = {...PRICE, long: {above: 1000, input: 30, output: 150}}
    const budget = new Budget({maxCost: 0.1, perDay: undefined})
    const short = await budget.allow('a/b', ask('x'.repeat(2700)), price)
    const long = await budget.allow('a/b', ask('x'.repeat(3300)), price)
    expect(Number(long)).toBeLessThan(Number(short) / 8)
  })

  it('has nothing to say of a model that is free', async () => {
    expect(await new Budget({maxCost: 0, perDay: undefined}).allow('a/b', ask('Hi', 32_000), {input: 0, output: 0})).toBeUndefined()
  })
})
