import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {HelixError} from '../../../src/core/errors/helix-error.js'
import {buildGraphTasks, graphRequirements} from '../../../src/core/tasks/build-tasks.js'
import {readTaskGraph, sortGraph} from '../../../src/core/tasks/task-graph.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-graph-'))
})
afterAll(() => rmSync(folder, {recursive: true}))

function graphFile(text: string, name = 'graph.yaml'): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

async function refusalOf(text: string, name?: string): Promise<string> {
  const file = graphFile(text, name)
  const error: unknown = await readTaskGraph(file).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!HelixError.is(error)) throw new Error(`it was not refused as it should be: ${error}`)
  expect(error.kind).toBe('usage')
  return error.message.replace(file, 'FILE')
}

describe('a graph file', () => {
  test('may be YAML or JSON, and its tasks come after those they need', async () => {
    const yaml = await readTaskGraph(
      graphFile('tasks:\n  d: {run: echo d, needs: [b, c]}\n  b: {run: echo b, needs: [a]}\n  c: {command: [echo, c], needs: [a]}\n  a: {run: echo a}\n'),
    )
    expect(sortGraph(yaml)).toEqual(['a', 'b', 'c', 'd'])
    const json = await readTaskGraph(graphFile('{"tasks": {"a": {"run": "echo a"}}}', 'graph.json'))
    expect(json).toEqual({tasks: {a: {run: 'echo a'}}})
  })

  test('says what each task asks for', async () => {
    const graph = await readTaskGraph(
      graphFile(`tasks:
  a: {command: [echo, 'x y'], cwd: /srv, env: {A: '1'}, timeout: 1m30s, retries: 2, retry_on: [exit], priority: 5, memory: 2GB, cpus: 2, capabilities: [gpu], labels: {zone: eu}}
  b: {run: 'echo $A | wc -c', needs: [a], when: always}`),
    )
    const {tasks, environments} = buildGraphTasks(graph, {file: 'graph.yaml', requirementsOf: graphRequirements, folder})
    const [a, b] = tasks
    expect(a).toMatchObject({name: 'a', input: {command: ['echo', 'x y'], cwd: '/srv'}, priority: 5, hasDependents: true, needs: []})
    expect(a?.policy).toMatchObject({timeout_seconds: 90, retries: 2, retry_on: ['exit']})
    expect(a?.requirements).toEqual({capabilities: ['gpu'], labels: {zone: 'eu'}, cpus: 2, memory_bytes: 2e9})
    expect(b).toMatchObject({input: {command: ['sh', '-c', 'echo $A | wc -c']}, needs: [{id: a?.id, condition: 'always'}], hasDependents: false})
    // Variables are kept apart from what goes into the store.
    expect(environments).toEqual({[a?.id ?? '']: {A: '1'}})
    expect(JSON.stringify(tasks)).not.toContain('"A"')
  })

  test('with a circle is refused, naming it', async () => {
    const text = 'tasks:\n  a: {run: x, needs: [c]}\n  b: {run: x, needs: [a]}\n  c: {run: x, needs: [b]}\n'
    expect(await refusalOf(text)).toBe('the tasks need each other in a circle: a → c → b → a')
    expect(await refusalOf('tasks: {a: {run: x, needs: [a]}}')).toContain('a → a')
  })

  test.each([
    ['a task that is not there', 'tasks: {a: {run: x, needs: [b]}}', 'FILE: tasks.a needs b, which is not in the file'],
    ['a need named twice', 'tasks: {a: {run: x}, b: {run: x, needs: [a, a]}}', 'FILE: tasks.b.needs names a task twice'],
    ['neither command nor run', 'tasks: {a: {priority: 1}}', 'FILE: tasks.a must have either command or run'],
    ['both command and run', 'tasks: {a: {run: x, command: [y]}}', 'FILE: tasks.a must have either command or run'],
    ['an empty command', 'tasks: {a: {command: []}}', 'FILE: tasks.a.command is empty'],
    ['no tasks', 'tasks: {}', 'FILE: there is no task in it'],
    ['a need of the prototype', 'tasks: {a: {run: x, needs: [constructor]}}', 'FILE: tasks.a needs constructor, which is not in the file'],
  ])('with %s is refused in one line', async (_, text, message) => {
    expect(await refusalOf(text)).toBe(message)
  })

  test.each([
    ['nothing', ''],
    ['a list', '- a\n- b\n'],
    ['a key that nobody knows', 'tasks: {a: {run: x, need: [b]}}'],
    ['a name that is a path', 'tasks: {../a: {run: x}}'],
    ['a number for a command', 'tasks: {a: {command: 5}}'],
    ['retries below zero', 'tasks: {a: {run: x, retries: -1}}'],
    ['a kind of failure that is none', 'tasks: {a: {run: x, retry_on: [sometimes]}}'],
    ['broken YAML', 'tasks: {a: {run: x}\n  b: ['],
    ['a variable that is a list', 'tasks: {a: {run: x, env: {A: [1]}}}'],
  ])('with %s is refused in one line that names the file', async (_, text) => {
    const message = await refusalOf(text)
    expect(message).toMatch(/^FILE/)
    expect(message).not.toContain('\n')
  })

  test('with broken JSON is refused with the line', async () => {
    expect(await refusalOf('{\n  "tasks": {\n    oops\n', 'broken.json')).toMatch(/^FILE:3/)
  })

  test('that is not there is refused with its name', async () => {
    await expect(readTaskGraph(join(folder, 'none.yaml'))).rejects.toMatchObject({kind: 'usage', message: expect.stringContaining('none.yaml')})
  })

  test.each([
    ['a duration', 'tasks: {a: {run: x, timeout: soon}}', 'soon is not a duration'],
    ['a size', 'tasks: {a: {run: x, memory: much}}', 'much is not a size'],
    ['a variable', 'tasks: {a: {run: x, env: {1A: x}}}', '1A is not the name'],
  ])('with %s that is none is refused before anything is queued', async (_, text, message) => {
    const graph = await readTaskGraph(graphFile(text))
    expect(() => buildGraphTasks(graph, {file: 'graph.yaml', requirementsOf: graphRequirements, folder})).toThrow(`graph.yaml: tasks.a: ${message}`)
  })

  test('may give each need a condition of its own', async () => {
    const graph = await readTaskGraph(graphFile('tasks: {a: {run: x}, b: {run: x}, c: {run: x, needs: [a, {task: b, when: always}], when: failure}}'))
    const {tasks} = buildGraphTasks(graph, {file: 'graph.yaml', requirementsOf: graphRequirements, folder})
    const [a, b, c] = tasks
    expect(c?.needs).toEqual([
      {id: a?.id, condition: 'failure'},
      {id: b?.id, condition: 'always'},
    ])
    expect([a?.hasDependents, b?.hasDependents, c?.hasDependents]).toEqual([true, true, false])
  })

  test('says when a task may start, what becomes of it when its worker is lost, and what is copied', async () => {
    const file = graphFile(
      'tasks: {a: {run: x, delay: 10m, on_lost: retry, retries: 1, upload: [graph.yaml], download: [out/]}, b: {run: x, on_lost: wait, lost_after: 1h}}',
    )
    const {tasks} = buildGraphTasks(await readTaskGraph(file), {file: 'graph.yaml', requirementsOf: graphRequirements, folder, idempotencyKey: 'k'})
    const [a, b] = tasks
    expect(a?.startAfterSeconds).toBe(600)
    expect(a?.policy).toMatchObject({on_lost: 'retry', lost_seconds: 30})
    expect(a?.input).toMatchObject({uploads: [{from: file, to: 'graph.yaml'}], downloads: [{from: 'out/', to: join(folder, 'out')}]})
    expect(a?.idempotencyKey).toBe('k/a')
    expect(b?.policy).toMatchObject({on_lost: 'wait', lost_seconds: 3600})
    expect(b?.startAfterSeconds).toBeUndefined()
  })

  test.each([
    ['a condition that is none', 'needs: [{task: a, when: sometimes}]', 'tasks.b.needs.0.when'],
    ['a need without a name', 'needs: [{when: always}]', 'tasks.b.needs.0.task is missing'],
    ['a need that is a number', 'needs: [5]', 'tasks.b.needs.0'],
    ['a need named twice', 'needs: [a, {task: a, when: always}]', 'names a task twice'],
    ['two times to start', 'at: "2099-01-01", delay: 5m', 'tasks.b has both at and delay'],
  ])('with %s is refused in one line that says where', async (_, text, message) => {
    expect(await refusalOf(`tasks: {a: {run: x}, b: {run: x, ${text}}}`)).toContain(message)
  })

  test.each([
    ['a time that has passed', 'at: 2020-01-01', '2020-01-01 has passed'],
    ['another attempt that there is none of', 'on_lost: retry', 'if it has retries'],
    ['a worker that is lost too soon', 'lost_after: 5s', 'after 30 s at the earliest'],
    ['a missing file', 'upload: [nowhere]', 'nowhere to upload'],
  ])('with %s is refused before anything is queued', async (_, text, message) => {
    const graph = await readTaskGraph(graphFile(`tasks: {a: {run: x, ${text}}}`))
    expect(() => buildGraphTasks(graph, {file: 'graph.yaml', requirementsOf: graphRequirements, folder})).toThrow(message)
  })
})
