import {beforeAll, describe, expect, test} from '@jest/globals'
import {ModelUser} from '../fixtures/model-user.js'
import {OpenAIServer, refuses, says} from '../fixtures/openai-server.js'

describe('helix chat with other models in reserve', () => {
  let user: ModelUser
  let spare: OpenAIServer

  beforeAll(async () => {
    user = await ModelUser.start({retries: 5})
    spare = await OpenAIServer.start()
    user.server.serve('busy', refuses(429, 'slow down'))
    user.server.serve('down', refuses(500, 'no memory left'))
    user.server.serve('strict', refuses(400, 'top_p must be below 1'))
    user.server.serve('good', says('Hello'))
    spare.serve('tiny', says('From the spare'))
    user.configure({retries: 5}, {spare: {type: 'openai', base_url: spare.url}, gone: {type: 'openai', base_url: 'http://127.0.0.1:9/v1'}})
  })

  test('asks the next at once, says so, and passes the first over the next time', async () => {
    const first = await user.chat('busy', ['--fallback', 'gone/x', '--fallback', 'spare/tiny', '--json'])
    expect(first).toMatchObject({code: 0})
    expect(JSON.parse(first.stdout)).toMatchObject({text: 'From the spare', model: 'spare/tiny'})
    expect(first.stderr).toMatch(
      /^helix: openai limits the rate of requests: slow down; asking gone\/x instead\nhelix: gone cannot be reached at .*; asking spare\/tiny instead\n$/,
    )
    expect(user.server.asked('busy')).toHaveLength(1)
    expect(await user.chat('busy', ['--fallback', 'spare/tiny'])).toMatchObject({code: 0, stdout: 'From the spare\n', stderr: ''})
    expect(user.server.asked('busy')).toHaveLength(1)
    expect(user.sessions('tiny')).toMatchObject([{provider: 'spare'}, {provider: 'spare'}])
  })

  test('ends with the error of a request that no model would take', async () => {
    const refused = await user.chat('strict', ['--fallback', 'spare/tiny'])
    expect(refused).toMatchObject({code: 2, stdout: '', stderr: expect.stringContaining('top_p must be below 1')})
  })

  test('takes fallbacks and aliases from the config', async () => {
    expect(await user.home.run(['model', 'alias', 'quick', 'openai/down'])).toMatchObject({code: 0, stdout: expect.stringMatching(/quick +openai\/down/)})
    expect(await user.home.run(['config', 'set', 'models.fallbacks.quick', '["spare/tiny"]'])).toMatchObject({code: 0})
    const asked = await user.home.run(['chat', '-m', 'quick', '-p', 'hello'])
    expect(asked).toMatchObject({code: 0, stdout: 'From the spare\n', stderr: expect.stringContaining('asking spare/tiny instead')})
    expect(JSON.parse((await user.home.run(['model', 'alias', '--json'])).stdout)).toEqual({aliases: [{alias: 'quick', model: 'openai/down'}]})
    expect(await user.home.run(['model', 'alias', 'quick', '--remove'])).toMatchObject({code: 0})
    expect(await user.home.run(['chat', '-m', 'quick', '-p', 'hello'])).toMatchObject({code: 2})
  })

  test('keeps to a budget, of the question and of the day', async () => {
    const prices = {good: {input: 1000, output: 2000}}
    expect(await user.home.run(['config', 'set', 'providers.openai.prices', JSON.stringify(prices)])).toMatchObject({code: 0})
    const before = user.server.asked('good').length
    expect(await user.chat('good', ['--max-cost', '0.001'])).toMatchObject({
      code: 77,
      stdout: '',
      stderr: expect.stringMatching(/could cost \$.* are left of --max-cost/),
    })
    expect(user.server.asked('good')).toHaveLength(before)
    const asked = await user.chat('good', ['--max-cost', '1', '--json'])
    expect(JSON.parse(asked.stdout).cost).toBeGreaterThan(0)
    expect(await user.home.run(['config', 'set', 'models.max_cost_per_day', '{"default": 0.001}'])).toMatchObject({code: 0})
    expect(await user.chat('good')).toMatchObject({code: 77, stderr: expect.stringContaining('the project default may spend in a day')})
    expect(await user.chat('good', ['--project', 'another'])).toMatchObject({code: 0, stdout: 'Hello\n'})
    expect(await user.chat('busy', ['--max-cost', '1'])).toMatchObject({code: 78, stderr: expect.stringContaining('costs is not known')})
    expect(await user.home.run(['chat', '-m', 'spare/tiny', '-p', 'x', '--max-cost', '0'])).toMatchObject({code: 0})
  })

  test.each<[args: string[], exit: number, says: RegExp]>([
    [['chat', '-m', 'good', '-p', 'x'], 2, /a model is written as provider\/model, and "good" is not/],
    [['chat', '-m', 'openai/good', '--fallback', 'x', '-p', 'x'], 2, /"x" is not/],
    [['chat', '-m', 'openai/good', '--max-cost', 'much', '-p', 'x'], 2, /--max-cost must be a number of 0 or more/],
    [['chat', '-m', 'openai/good', '--project', 'a b', '-p', 'x'], 2, /not a name for a project/],
    [['model', 'alias', 'a', 'good'], 2, /a model is written as provider\/model/],
    [['model', 'alias', 'a', 'opnai/x'], 2, /Did you mean openai\?/],
    [['model', 'alias', 'a/b', 'openai/x'], 78, /a\/b/],
    [['model', 'alias', 'unknown'], 2, /there is no alias unknown/],
    [['model', 'alias', '--remove'], 2, /which alias/],
  ])('ends in a line where it cannot: %j', async (args, exit, message) => {
    const {code, stdout, stderr} = await user.home.run(args)
    expect([code, stdout]).toEqual([exit, ''])
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2)
  })
})
