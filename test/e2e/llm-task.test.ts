import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {KEY, ModelUser} from '../fixtures/model-user.js'
import {cutsAfter, endsWith, refuses, says} from '../fixtures/openai-server.js'
import {storeContents} from '../fixtures/store-contents.js'

type Task = Record<string, unknown>

describe('tasks of type llm in a graph', () => {
  let user: ModelUser

  beforeAll(async () => {
    // Only tasks try again here.
    user = await ModelUser.start({retries: 0})
    user.server.accept(KEY)
  })

  afterAll(() => user.server.stop())

  /** Applies a graph and gives its tasks by name. */
  async function apply(name: string, tasks: Record<string, Task>, env: NodeJS.ProcessEnv = {}): Promise<{code: number | null; tasks: Record<string, Task>}> {
    user.write(`${name}.json`, {tasks})
    const {code, stdout} = await user.home.run(['task', 'apply', `${name}.json`, '--json'], {env})
    return {code, tasks: Object.fromEntries(JSON.parse(stdout).tasks.map((task: Task) => [task.name, task]))}
  }

  test('ask when what they need has completed, and their answer is their output, in every command that shows it', async () => {
    user.server.serve('poet', says('Queues', ' wait.'))
    const ask = {
      type: 'llm',
      model: 'openai/poet',
      prompt: 'A poem',
      system: 'Be brief.',
      temperature: 0.5,
      max_tokens: 20,
      reasoning: 'low',
      needs: ['before'],
    }
    const {code, tasks} = await apply('poem', {before: {run: 'echo begun'}, ask, after: {run: 'echo after', needs: ['ask']}})
    expect([code, tasks.before?.stdout, tasks.after?.stdout]).toEqual([0, 'begun\n', 'after\n'])
    expect(tasks.ask).toMatchObject({
      type: 'llm',
      status: 'completed',
      worker: 'local',
      attempt: 1,
      exit_code: 0,
      failure_kind: null,
      stdout: 'Queues wait.\n',
      stderr: '',
    })
    expect(String(tasks.before?.completed_at) <= String(tasks.ask?.started_at)).toBe(true)
    expect(String(tasks.ask?.completed_at) <= String(tasks.after?.started_at)).toBe(true)
    const messages = [
      {role: 'system', content: 'Be brief.'},
      {role: 'user', content: 'A poem'},
    ]
    expect(user.server.asked('poet')).toMatchObject([{body: {messages, temperature: 0.5, max_tokens: 20, reasoning_effort: 'low'}}])
    const id = String(tasks.ask?.id)
    const [logs, shown, list] = await Promise.all([
      user.home.run(['task', 'logs', id]),
      user.home.run(['task', 'show', id, '--json']),
      user.home.run(['task', 'list', '--json']),
    ])
    expect(logs).toMatchObject({code: 0, stdout: 'Queues wait.\n', stderr: ''})
    expect(JSON.parse(shown.stdout)).toMatchObject({type: 'llm', status: 'completed', stdout: 'Queues wait.\n'})
    expect(JSON.parse(list.stdout).tasks).toContainEqual(expect.objectContaining({name: 'ask', type: 'llm', status: 'completed'}))
    expect(user.sessions('poet')).toMatchObject([{client: 'task', messages: [{role: 'system'}, {role: 'user'}, {role: 'assistant', finish_reason: 'stop'}]}])
  })

  test('complete only with an answer that is what their schema says, whole, and not refused', async () => {
    const schema = {type: 'object', properties: {river: {type: 'string'}}, required: ['river'], additionalProperties: false}
    user.server.serve('good', says('{"river":"Elbe"}'))
    user.server.serve('bad', says('{"lake":"Como"}'))
    user.server.serve('long', endsWith('length', 'Half'))
    const ask = (model: string, more: Task = {}) => ({type: 'llm', model: `openai/${model}`, prompt: 'A river', retries: 2, ...more})
    const after = {run: 'echo never', needs: ['bad']}
    const {tasks} = await apply('rivers', {good: ask('good', {schema}), bad: ask('bad', {schema}), long: ask('long'), after})
    expect(tasks.good).toMatchObject({status: 'completed', stdout: '{"river":"Elbe"}\n'})
    expect(tasks.bad).toMatchObject({
      status: 'failed',
      failure_kind: 'provider',
      exit_code: 1,
      attempt: 1,
      error: expect.stringMatching(/schema asks for: .*river/),
    })
    expect(tasks.bad).toMatchObject({stdout: '{"lake":"Como"}\n'})
    expect(tasks.long).toMatchObject({status: 'failed', failure_kind: 'provider', attempt: 1, error: expect.stringMatching(/cut off/), stdout: 'Half\n'})
    expect(tasks.after).toMatchObject({status: 'failed', failure_kind: 'dependency'})
    expect(user.server.asked('good')).toMatchObject([{body: {response_format: {json_schema: {schema}}}}])
    // Told twice what is wrong, and not run again.
    expect(user.server.asked('bad')).toHaveLength(3)
  })

  test('are tried again while their provider is away or busy, as often as they say', async () => {
    user.server.serve('busy', refuses(503, 'overloaded'), refuses(503, 'overloaded'), says('Now.'))
    user.server.serve('cut', cutsAfter('Half a'), says('A whole answer.'))
    user.server.serve('gone', refuses(500, 'oops'))
    const ask = (model: string, retries: number, more: Task = {}) => ({type: 'llm', model: `openai/${model}`, prompt: 'x', retries, ...more})
    const {tasks} = await apply('busy', {busy: ask('busy', 2), cut: ask('cut', 1), gone: ask('gone', 1), exit: ask('gone', 3, {retry_on: ['exit']})})
    expect(tasks.busy).toMatchObject({status: 'completed', attempt: 3, stdout: 'Now.\n'})
    expect(tasks.cut).toMatchObject({status: 'completed', attempt: 2, stdout: 'A whole answer.\n'})
    expect(tasks.gone).toMatchObject({status: 'failed', failure_kind: 'provider', attempt: 2, error: expect.stringMatching(/\(500\): oops/)})
    expect(tasks.exit).toMatchObject({status: 'failed', failure_kind: 'provider', attempt: 1})
    expect(['busy', 'cut', 'gone'].map((model) => user.server.asked(model).length)).toEqual([3, 2, 3])
  })

  test('are not tried again where trying cannot help, though they say so, and tell why', async () => {
    user.server.serve('m', says('never'))
    const ask = (model: string, more: Task = {}) => ({type: 'llm', model, prompt: 'x', retries: 3, ...more})
    const graph = {key: ask('openai/m'), typo: ask('opnai/m'), nobody: ask('openai/nobody', {env: {OPENAI_API_KEY: KEY}})}
    const {tasks} = await apply('hopeless', graph, {OPENAI_API_KEY: 'sk-wrong-zebra'})
    expect(tasks.key).toMatchObject({
      status: 'failed',
      failure_kind: 'provider',
      attempt: 1,
      exit_code: 77,
      error: expect.stringMatching(/did not accept the API key/),
    })
    expect(JSON.stringify(tasks)).not.toContain('sk-wrong-zebra')
    expect(tasks.typo).toMatchObject({status: 'failed', failure_kind: 'provider', attempt: 1, exit_code: 2, error: 'there is no provider opnai'})
    expect(tasks.nobody).toMatchObject({status: 'failed', failure_kind: 'provider', attempt: 1, exit_code: 2, error: expect.stringMatching(/no model nobody/)})
    expect(user.server.asked('m')).toHaveLength(1)
    expect(user.server.asked('nobody')).toHaveLength(1)
  })

  test.each<[task: Task, says: RegExp]>([
    [{type: 'llm', model: 'openai/m'}, /tasks\.t must have a model and a prompt/],
    [{type: 'llm', prompt: 'x'}, /tasks\.t must have a model and a prompt/],
    [{type: 'llm', model: 'openai/m', prompt: ''}, /tasks\.t\.prompt/],
    [{type: 'llm', model: 'gpt-5', prompt: 'x'}, /tasks\.t: a model is written as provider\/model, and "gpt-5" is not/],
    [{type: 'llm', model: 'openai/m', prompt: 'x', schema: {type: 'nonsense'}}, /tasks\.t: that is not a JSON Schema/],
    [{type: 'llm', model: 'openai/m', prompt: 'x', command: ['true']}, /tasks\.t\.command is not for a task of type llm/],
    [{type: 'llm', model: 'openai/m', prompt: 'x', run: 'true'}, /tasks\.t\.run is not for a task of type llm/],
    [{type: 'llm', model: 'openai/m', prompt: 'x', worker: 'w1'}, /tasks\.t .*only the worker local/],
    [{type: 'llm', model: 'openai/m', prompt: 'x', temperature: 3}, /tasks\.t\.temperature must be at most 2/],
    [{type: 'llm', model: 'openai/m', prompt: 'x', max_tokens: 0}, /tasks\.t\.max_tokens/],
    [{type: 'llm', model: 'openai/m', prompt: 'x', reasoning: 'much'}, /tasks\.t\.reasoning/],
    [{type: 'llm', model: 'openai/m', prompt: 'x', schema: 'river'}, /tasks\.t\.schema/],
    [{type: 'llm', model: 'openai/m', prompt: 'x', tools: []}, /tasks\.t\.tools/],
    [{run: 'true', prompt: 'x'}, /tasks\.t\.prompt is not for a task of type shell/],
    [{type: 'poem', prompt: 'x'}, /tasks\.t\.type must be one of shell, llm/],
  ])('that cannot be asked are refused when they are handed in, with exit code 2, and nothing is stored: %j', async (task, message) => {
    const before = storeContents(user.home)
    user.write('wrong.json', {tasks: {first: {run: 'true'}, t: task}})
    const {code, stdout, stderr} = await user.home.run(['task', 'apply', 'wrong.json'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
    expect(stderr).toMatch(message)
    expect(storeContents(user.home)).toEqual(before)
  })
})
