import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {ModelUser} from '../fixtures/model-user.js'
import {calls, says} from '../fixtures/openai-server.js'

const RIVERS = {type: 'object', properties: {rivers: {type: 'array', items: {type: 'string'}}}, required: ['rivers'], additionalProperties: false}
const CITY = {type: 'object', properties: {city: {type: 'string'}}, required: ['city']}
const WEATHER = {name: 'weather', description: 'tells the weather', parameters: CITY}

describe('an answer that has to follow a schema', () => {
  let user: ModelUser

  beforeAll(async () => {
    user = await ModelUser.start()
    user.write('rivers.json', RIVERS)
    user.write('broken.json', '{\n  "type": "object",\n  oops\n}')
    user.write('list.json', [RIVERS])
    user.write('no-schema.json', {type: 'river'})
  })

  afterAll(() => user.server.stop())

  test('is asked for with it, and ends the command with 0 when it does', async () => {
    user.server.serve('good', says('{"rivers":', '["Elbe"]}'))
    expect(await user.chat('good', ['--schema', 'rivers.json'])).toMatchObject({code: 0, stdout: '{"rivers":["Elbe"]}\n', stderr: ''})
    expect(user.server.asked('good')).toMatchObject([{body: {response_format: {type: 'json_schema', json_schema: {schema: RIVERS, strict: true}}}}])
  })

  test.each<[what: string, answer: string, says: RegExp]>([
    ['is not JSON', 'The Elbe.', /the answer is not JSON: /],
    ['lacks what is required', '{}', /not what the schema asks for: .*rivers/],
    ['has another type', '{"rivers": ["Elbe", 3]}', /not what the schema asks for: .*rivers\/1 must be string/],
  ])('is printed with what is wrong, exit code 1, when it %s', async (_, answer, message) => {
    user.server.serve(answer, says(answer))
    const [text, json] = await Promise.all([user.chat(answer, ['--schema', 'rivers.json']), user.chat(answer, ['--schema', 'rivers.json', '--json'])])
    expect(text).toMatchObject({code: 1, stdout: `${answer}\n`, stderr: expect.stringMatching(/^helix: [^\n]+\n$/)})
    expect(text.stderr).toMatch(message)
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({text: answer, problem: {code: 'SCHEMA_MISMATCH', message: expect.stringMatching(message)}})
  })

  test.each<[file: string, says: RegExp]>([
    ['broken.json', /broken\.json:3: /],
    ['list.json', /list\.json: a JSON Schema is an object/],
    ['no-schema.json', /that is not a JSON Schema: .*type/],
  ])('is not asked for with a schema that is none, exit code 2: %s', async (file, message) => {
    const {code, stdout, stderr} = await user.chat('never', ['--schema', file])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
    expect(stderr).toMatch(message)
    expect(user.server.asked('never')).toEqual([])
  })
})

describe('tools that a model calls', () => {
  const handOver = ['--tools', 'tools.json', '--no-run-tools']
  let user: ModelUser

  beforeAll(async () => {
    user = await ModelUser.start()
    user.write('tools.json', [WEATHER])
    user.write('openai.json', {tools: [{type: 'function', function: WEATHER}]})
    user.write('empty.json', [])
    user.write('nameless.json', [WEATHER, {parameters: CITY}])
    user.write('twice.json', [WEATHER, WEATHER])
    user.write('wrong.json', [{...WEATHER, parameters: {type: 'city'}}])
    user.write('name.json', [{...WEATHER, name: 'the weather'}])
  })

  afterAll(() => user.server.stop())

  test.each(['tools.json', 'openai.json'])('are handed over as %s has them, and the calls come back, one a line or as JSON', async (file) => {
    user.server.serve(file, calls(['weather', '{"city": "Oslo"}'], ['weather', '{"city": "Rome"}']))
    const [text, json] = await Promise.all(
      [file, file].map((model, index) => user.chat(model, ['--tools', file, '--no-run-tools', ...(index ? ['--json'] : [])])),
    )
    const called = [
      {id: 'call_0', name: 'weather', arguments: {city: 'Oslo'}},
      {id: 'call_1', name: 'weather', arguments: {city: 'Rome'}},
    ]
    expect(text).toMatchObject({code: 0, stderr: '', stdout: called.map((call) => `${JSON.stringify(call)}\n`).join('')})
    expect(json).toMatchObject({code: 0, stderr: ''})
    expect(JSON.parse(json!.stdout)).toMatchObject({text: '', tool_calls: called, finish_reason: 'tool_calls'})
    expect(user.server.asked(file)[0]).toMatchObject({body: {tools: [{type: 'function', function: WEATHER}]}})
  })

  test.each<[what: string, name: string, text: string, told: RegExp]>([
    ['a tool that there is not', 'wetter', '{"city": "Oslo"}', /there is no tool "wetter"; there are: weather/],
    ['arguments of the wrong type', 'weather', '{"city": 7}', /city must be string/],
    ['arguments that are no JSON', 'weather', '{"city": ', /not JSON/],
  ])('are called again, rightly, by a model that is told what was wrong: %s', async (what, name, text, told) => {
    user.server.serve(what, calls([name, text]), calls(['weather', '{"city": "Oslo"}']))
    const {code, stdout} = await user.chat(what, [...handOver, '--json'])
    const answer = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(answer).toMatchObject({finish_reason: 'tool_calls', tool_calls: [{name: 'weather', arguments: {city: 'Oslo'}}]})
    expect(answer).not.toHaveProperty('problem')
    const [, again, ...more] = user.server.asked(what)
    expect(more).toEqual([])
    expect(again?.body.messages).toMatchObject([
      {role: 'user', content: 'hello'},
      {role: 'assistant', tool_calls: [{id: 'call_0', function: {name}}]},
      {role: 'tool', tool_call_id: 'call_0', content: expect.stringMatching(told)},
    ])
    const roles = user.sessions(what).map(({messages}) => messages.map(({role}) => role))
    expect(roles).toEqual([['user', 'assistant', 'tool', 'assistant']])
  })

  test('that a model goes on to call wrongly end the command with 1 after the third time, and the problem is told', async () => {
    user.server.serve('stubborn', calls(['weather', '{"city": 7}']))
    const {code, stdout, stderr} = await user.chat('stubborn', [...handOver, '--json'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^helix: the model called weather wrongly: [^\n]+\n$/)
    expect(JSON.parse(stdout)).toMatchObject({
      tool_calls: [{name: 'weather', arguments: {city: 7}, problem: expect.stringMatching(/city must be string/)}],
      problem: {code: 'TOOL_CALL_INVALID', message: expect.stringContaining('weather')},
    })
    expect(user.server.asked('stubborn')).toHaveLength(3)
  })

  test.each<[args: string[], says: RegExp]>([
    [['--tools', 'tools.json'], /cannot run tools/],
    [['--tools', 'empty.json', '--no-run-tools'], /empty\.json: it has to be a list of tools/],
    [['--tools', 'nameless.json', '--no-run-tools'], /nameless\.json: \[1\] has no name/],
    [['--tools', 'twice.json', '--no-run-tools'], /two tools weather/],
    [['--tools', 'wrong.json', '--no-run-tools'], /the tool weather: that is not a JSON Schema/],
    [['--tools', 'name.json', '--no-run-tools'], /"the weather"/],
  ])('are refused in a line with exit code 2, unasked: %j', async (args, message) => {
    const {code, stdout, stderr} = await user.chat('never', args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
    expect(stderr).toMatch(message)
    expect(user.server.asked('never')).toEqual([])
  })
})
