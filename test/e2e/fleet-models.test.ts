import {afterAll, beforeAll, expect, jest, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {Fleet, type FleetWorker} from '../fixtures/fleet.js'
import {finish} from '../fixtures/helix.js'
import {Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {noTmux, terminals} from '../fixtures/terminal.js'
import {waitFor} from '../fixtures/wait-for.js'
import {addWords} from '../fixtures/worker-pool.js'

// Each test is a handful of commands, several of which connect.
jest.setTimeout(180_000)

describeUnless(sshdAvailable(), 'the models of all workers', () => {
  const fleet = new Fleet()
  let first: FleetWorker
  let second: FleetWorker

  beforeAll(async () => {
    first = await fleet.add('gpu-1', ['qwen3:8b'], ['--capability', 'big'])
    second = await fleet.add('gpu-2', [], ['--capability', 'big'])
  })
  afterAll(() => fleet[Symbol.asyncDispose]())

  const list = async (...words: string[]) => {
    const {models} = (await fleet.json(['model', 'list', ...words])) as {models: Record<string, unknown>[]}
    return models.map(({model, worker, source, size_bytes}) => [model, worker, source, size_bytes])
  }

  test('are known once a worker was looked at, those of this machine as they are now, and anew with --refresh', async () => {
    expect(await list()).toEqual([['ollama@gpu-1/qwen3:8b', 'gpu-1', 'discovered', 8_000_000]])
    first.ollama.models.push({name: 'new:latest', size: 5, digest: 'abc'})
    fleet.configure({ollama: {base_url: second.ollama.server.url}})
    second.ollama.models.push({name: 'here:latest', size: 6, digest: 'def'})
    expect(await list()).toEqual([
      ['ollama/here:latest', 'local', 'discovered', 6],
      ['ollama@gpu-1/qwen3:8b', 'gpu-1', 'discovered', 8_000_000],
    ])
    second.ollama.models.pop()
    fleet.configure({})
    expect(await list('--worker', 'gpu-1', '--refresh')).toEqual([
      ['ollama@gpu-1/new:latest', 'gpu-1', 'discovered', 5],
      ['ollama@gpu-1/qwen3:8b', 'gpu-1', 'discovered', 8_000_000],
    ])
    first.ollama.models.pop()
    const all = await fleet.home.run(['model', 'list', '--refresh', '--provider', 'ollama'])
    expect(all).toMatchObject({code: 0, stderr: ''})
    expect(all.stdout).toMatch(/^MODEL +WORKERS +SIZE +SOURCE\n.*\nollama\/qwen3:8b +gpu-1 +8 MB +discovered\n$/)
    expect(await fleet.home.run(['model', 'list', '--worker', 'gpu-7'])).toMatchObject({code: 2, stderr: expect.stringMatching(/Did you mean gpu-[12]\?/)})
    expect(await fleet.home.run(['model', 'list', '--provider', 'olama'])).toMatchObject({code: 2, stderr: expect.stringContaining('Did you mean ollama?')})
  })

  test('are shown with all their places', async () => {
    expect(await fleet.json(['model', 'show', 'ollama/qwen3:8b'])).toMatchObject({
      models: [{model: 'ollama@gpu-1/qwen3:8b', worker_status: 'active', digest: expect.any(String)}],
    })
    expect(await fleet.home.run(['model', 'show', 'ollama/qwen3:8c'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean ollama/qwen3:8b?'),
    })
  })

  test('are pulled to one of them, recorded, and can be asked for by tasks at once', async () => {
    const pull = await fleet.home.run(['model', 'pull', 'ollama@gpu-2/tiny'])
    expect(pull).toMatchObject({code: 0, stdout: 'ollama@gpu-2/tiny is there.\n'})
    expect(pull.stderr).toMatch(/^(ollama@gpu-2\/tiny: .*\n)+$/)
    expect(pull.stderr).not.toContain('\u001b')
    expect(second.ollama.models.map(({name}) => name)).toEqual(['tiny:latest'])
    expect(await list('--worker', 'gpu-2')).toEqual([['ollama@gpu-2/tiny:latest', 'gpu-2', 'pulled', 11_000_000]])
    const run = await fleet.home.run(['task', 'run', '--json', '--capability', 'model:tiny:latest', '--', 'true'])
    expect(JSON.parse(run.stdout)).toMatchObject({status: 'completed', worker: 'gpu-2'})
    expect(await fleet.json(['chat', '-m', 'ollama@gpu-2/tiny', '-p', 'hello'])).toMatchObject({text: 'Here I am.'})
  })

  test('are deployed to those with a capability, and again without harm', async () => {
    const {workers} = await fleet.json(['model', 'deploy', 'ollama/phi4', '--capability', 'big'])
    expect(workers).toMatchObject([
      {worker: 'gpu-1', model: 'ollama@gpu-1/phi4:latest', size_bytes: 11_000_000, error: null},
      {worker: 'gpu-2', model: 'ollama@gpu-2/phi4:latest', size_bytes: 11_000_000, error: null},
    ])
    expect((await list()).filter(([, , source]) => source === 'deployed')).toHaveLength(2)
    const again = await fleet.home.run(['model', 'deploy', 'ollama/phi4', '--worker', 'gpu-1', '--worker', 'gpu-2'])
    expect(again.code).toBe(0)
    expect(again.stdout.split('\n').sort()).toEqual(['', '✓ gpu-1: ollama/phi4:latest, 11 MB', '✓ gpu-2: ollama/phi4:latest, 11 MB'])
    expect(again.stderr).toMatch(/^(gpu-[12]: .*\n)+$/)
  })

  test('that one worker cannot get hinder no other: each failure is told', async () => {
    const away = await Sshd.start()
    await fleet.home.run(addWords('away', away))
    await away.halt()
    second.ollama.refusal = 'write /models/x: no space left on device'
    const run = await fleet.home.run(['model', 'deploy', 'ollama/solar', '--all'])
    const {workers} = await fleet.json(['model', 'deploy', 'ollama/solar', '--all'])
    second.ollama.refusal = undefined
    expect(run).toMatchObject({code: 69, stdout: '✓ gpu-1: ollama/solar:latest, 12 MB\n'})
    expect(workers).toMatchObject([
      {worker: 'away', model: null, error: {code: 'CONNECT_FAILED', kind: 'unavailable'}},
      {worker: 'gpu-1', model: 'ollama@gpu-1/solar:latest', error: null},
      {worker: 'gpu-2', model: null, error: {message: expect.stringContaining('no space left')}},
    ])
    expect(run.stderr).toMatch(/^Error: away: ollama@away: cannot connect to/m)
    expect(run.stderr).toMatch(/^Error: gpu-2: .*no space left/m)
    expect(await fleet.home.run(['model', 'list', '--refresh'])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Warning: away, and not asked: away\n$/),
    })
    expect(await fleet.home.run(['model', 'list', '--refresh', '--worker', 'away'])).toMatchObject({code: 69})
    await fleet.home.run(['worker', 'remove', 'away'])
    await away.stop()
  })

  test('are fetched on from where the SSH connection was cut', async () => {
    let cuts = 0
    first.ollama.onHalf = async () => {
      if (cuts++ > 0) return
      first.sshd.signalConnections('SIGKILL')
      // Ollama, too, stops when nobody listens any more.
      await waitFor('the request to be given up', () => first.ollama.server.givenUp.some(({route}) => route === 'POST /api/pull'))
      throw new Error('nobody listens')
    }
    first.ollama.begun.length = 0
    const run = await fleet.home.run(['model', 'pull', 'ollama@gpu-1/mixtral'])
    first.ollama.onHalf = undefined
    expect(run).toMatchObject({code: 0, stderr: expect.stringContaining('the connection was cut, going on')})
    expect(first.ollama.begun).toEqual([0, 7_000_000])
  })

  test('are fetched on from where an interrupt ended it, which ends within a second', async () => {
    const halted = Promise.withResolvers<void>()
    first.ollama.onHalf = async () => {
      halted.resolve()
      await waitFor('the request to be given up', () => first.ollama.server.givenUp.some(({body}) => body.name === 'gemma3'))
      throw new Error('nobody listens')
    }
    const child = fleet.home.spawn(['model', 'deploy', 'ollama/gemma3', '--worker', 'gpu-1'])
    const ended = finish(child)
    await halted.promise
    const since = performance.now()
    child.kill('SIGINT')
    expect(await ended).toMatchObject({code: 130, stderr: expect.stringContaining('Error: gpu-1: cancelled')})
    expect(performance.now() - since).toBeLessThan(3000)
    first.ollama.onHalf = undefined
    first.ollama.begun.length = 0
    expect(await fleet.home.run(['model', 'deploy', 'ollama/gemma3', '--worker', 'gpu-1'])).toMatchObject({code: 0})
    expect(first.ollama.begun).toEqual([6_500_000])
  })

  test.each([
    [['ollama/m'], /say which workers/],
    [['ollama/m', '--all', '--worker', 'gpu-1'], /say which workers/],
    [['ollama/m', '--capability', 'none-has-it'], /no worker has none-has-it/],
    [['ollama/m', '--worker', 'gpu-11'], /there is no worker named gpu-11\nDid you mean gpu-1\?/],
    [['ollama@gpu-1/m', '--all'], /names a worker already\n.*helix model pull ollama@gpu-1\/m/],
    [['olama/m', '--all'], /Did you mean ollama\?/],
    [['just-a-name', '--all'], /a model is written as provider\/model/],
  ])('are not deployed where what is meant is not clear: %j', async (words, said) => {
    expect(await fleet.home.run(['model', 'deploy', ...words])).toMatchObject({code: 2, stdout: '', stderr: expect.stringMatching(said)})
  })
})

describeUnless(sshdAvailable() ?? noTmux(), 'a deployment on a terminal', () => {
  const terminal = terminals()

  test('has a line with a bar for each worker, which give way to how it ended', async () => {
    await using fleet = new Fleet()
    const workers = [await fleet.add('gpu-1'), await fleet.add('gpu-2')]
    const letGo = Promise.withResolvers<void>()
    for (const {ollama} of workers) ollama.onHalf = () => letGo.promise
    const screen = terminal(fleet.home, ['model', 'deploy', 'ollama/qwen3', '--all'])
    await screen.shows(/gpu-1: \[#{10} {10}\] 50 % of 12 MB {2}pulling/)
    await screen.shows(/gpu-2: \[#{10} {10}\] 50 % of 12 MB {2}pulling/)
    letGo.resolve()
    const lines = await screen.shows('left with 0')
    expect(lines.filter((line) => line !== '').sort()).toEqual(['left with 0', '✓ gpu-1: ollama/qwen3:latest, 12 MB', '✓ gpu-2: ollama/qwen3:latest, 12 MB'])
  })
})
