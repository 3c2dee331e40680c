import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {parse} from 'yaml'
import {ModelUser} from '../fixtures/model-user.js'
import {endsWith, holds, refuses, says, thinks} from '../fixtures/openai-server.js'
import {waitFor} from '../fixtures/wait-for.js'

describe('the answer of helix chat', () => {
  let user: ModelUser

  beforeAll(async () => {
    user = await ModelUser.start()
    user.server.serve('plain', says('Hello', ' there'))
    user.server.serve('thinker', thinks('Let me see.', 'It is', ' 42.'))
  })

  afterAll(() => user.server.stop())

  test('is printed as it comes: its first words are there while the model still writes the others', async () => {
    const rest = Promise.withResolvers<string>()
    user.server.serve('slow', holds('Once', rest.promise))
    const {result, printed} = user.startChat('slow')
    await waitFor('the first words', () => printed() === 'Once')
    rest.resolve(' upon a time.')
    expect(await result).toMatchObject({code: 0, stdout: 'Once upon a time.\n', stderr: ''})
  })

  test.each<[what: string, args: string[], input: string, messages: [role: string, content: string][]]>([
    ['--prompt', ['-p', 'Why?'], '', [['user', 'Why?']]],
    ['--prompt with standard input below it', ['-p', 'Explain this:'], 'a diff\n', [['user', 'Explain this:\n\na diff\n']]],
    ['standard input alone', [], 'all of ünïcode\n', [['user', 'all of ünïcode\n']]],
    [
      '--system above it',
      ['-s', 'Be brief.', '-p', 'Why?'],
      '',
      [
        ['system', 'Be brief.'],
        ['user', 'Why?'],
      ],
    ],
  ])('is to %s', async (_, args, input, messages) => {
    const model = `asked ${messages.flat().join()}`
    user.server.serve(model, says('Because.'))
    expect(await user.home.run(['chat', '-m', `openai/${model}`, ...args], {input})).toMatchObject({code: 0, stdout: 'Because.\n', stderr: ''})
    expect(user.server.asked(model)).toMatchObject([{body: {stream: true, messages: messages.map(([role, content]) => ({role, content}))}}])
  })

  test('is without what the model thought, where nobody watches', async () => {
    expect(await user.chat('thinker')).toMatchObject({code: 0, stdout: 'It is 42.\n', stderr: ''})
  })

  test('is one JSON document with --json, the same with --output=yaml, and its session is in the store', async () => {
    const [json, yaml] = await Promise.all([user.chat('thinker', ['--json']), user.chat('thinker', ['--output', 'yaml'])])
    const answer = {
      text: 'It is 42.',
      reasoning: 'Let me see.',
      tool_calls: [],
      finish_reason: 'stop',
      usage: {input_tokens: 11, output_tokens: 7, reasoning_tokens: 2, cached_tokens: 3},
      cost: null,
      model: 'openai/thinker',
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    }
    expect([json.code, json.stderr, yaml.code, yaml.stderr]).toEqual([0, '', 0, ''])
    expect(JSON.parse(json.stdout)).toEqual(answer)
    expect(parse(yaml.stdout)).toEqual(answer)
    const kept = user.sessions('thinker').find(({id}) => id === JSON.parse(json.stdout).session_id)
    expect(kept).toMatchObject({
      ...{client: 'cli', title: 'hello', provider: 'openai'},
      messages: [
        {role: 'user', content: 'hello', finish_reason: null},
        {
          role: 'assistant',
          content: [
            {type: 'reasoning', text: 'Let me see.'},
            {type: 'text', text: 'It is 42.'},
          ],
          finish_reason: 'stop',
          usage: {inputTokens: 11, outputTokens: 7, reasoningTokens: 2, cachedTokens: 3},
        },
      ],
    })
  })

  test('is one event a line with --output stream-json, as they come, and the whole of it last', async () => {
    const rest = Promise.withResolvers<string>()
    user.server.serve('events', holds('One', rest.promise))
    const {result, printed} = user.startChat('events', ['--output', 'stream-json'])
    await waitFor('the first event', () => printed() === '{"type":"text","text":"One"}\n')
    rest.resolve(' two')
    const {code, stdout, stderr} = await result
    expect([code, stderr]).toEqual([0, ''])
    const usage = {input_tokens: 11, output_tokens: 7, reasoning_tokens: 2, cached_tokens: 3}
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {type: 'text', text: 'One'},
      {type: 'text', text: ' two'},
      {type: 'usage', usage},
      {type: 'finish', finish_reason: 'stop'},
      {
        ...{type: 'answer', text: 'One two', reasoning: '', tool_calls: [], finish_reason: 'stop'},
        ...{usage, cost: null, model: 'openai/events', session_id: expect.any(String)},
      },
    ])
  })

  test.each<[reason: string, finish: string, code: string, says: RegExp]>([
    ['length', 'length', 'ANSWER_CUT', /cut off/],
    ['content_filter', 'content_filter', 'ANSWER_FILTERED', /filter/],
  ])('that ended because of %s is printed, said to be incomplete, and ends the command with 1', async (reason, finish, code, message) => {
    user.server.serve(reason, endsWith(reason, 'Half of'))
    const [text, json] = await Promise.all([user.chat(reason), user.chat(reason, ['--json'])])
    expect(text).toMatchObject({code: 1, stdout: 'Half of\n'})
    expect(text.stderr).toMatch(/^helix: [^\n]+\n$/)
    expect(text.stderr).toMatch(message)
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({text: 'Half of', finish_reason: finish, problem: {code, message: expect.stringMatching(message)}})
    expect(user.sessions(reason)).toHaveLength(2)
  })

  test('is waited for as long as a busy provider asks, and a line on stderr says so', async () => {
    user.server.serve('busy', refuses(429, 'slow down', {'retry-after': '1'}), says('Now.'))
    const started = performance.now()
    const answer = await user.chat('busy', ['--json'])
    expect(performance.now() - started).toBeGreaterThan(1000)
    expect(answer).toMatchObject({code: 0, stderr: expect.stringMatching(/^helix: openai [^\n]*slow down; trying again in 1 s\n$/)})
    expect(JSON.parse(answer.stdout)).toMatchObject({text: 'Now.'})
    expect(user.server.asked('busy')).toHaveLength(2)
    expect(user.sessions('busy')).toHaveLength(1)
  })
})
