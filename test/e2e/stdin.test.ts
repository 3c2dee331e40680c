import {createHash, randomBytes} from 'node:crypto'
import {rmSync} from 'node:fs'
import {afterAll, beforeAll, describe, expect, it} from '@jest/globals'
import {AGENT_WORKERS, startAgentPool} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import type {WorkerPool} from '../fixtures/worker-pool.js'

interface Place {
  home: HelixHome
  worker: string
}

/** A command line whose standard input stays open. */
function talkTo(home: HelixHome, args: string[]) {
  const child = home.spawn(args)
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stdin.on('error', () => {})
  return {child, heard: () => output, code: new Promise<number | null>((resolve) => child.once('close', resolve))}
}

function suite(place: () => Place): void {
  const run = (command: string[], input: string | Buffer) => place().home.run(['task', 'run', '--worker', place().worker, '--', ...command], {input})

  it('reaches the command byte for byte', async () => {
    const input = randomBytes(3_000_000)
    const {code, stdout} = await run(['sha256sum'], input)
    expect(code).toBe(0)
    expect(stdout.split(' ')[0]).toBe(createHash('sha256').update(input).digest('hex'))
  })

  it('is followed while it comes', async () => {
    const {home, worker} = place()
    const talk = talkTo(home, ['task', 'run', '--worker', worker, '--', 'sh', '-c', 'while read -r line; do echo "got $line"; done'])
    talk.child.stdin.write('one\n')
    await waitFor('the first line', () => talk.heard() === 'got one\n')
    talk.child.stdin.write('two\n')
    await waitFor('the second line', () => talk.heard() === 'got one\ngot two\n')
    talk.child.stdin.end()
    expect(await talk.code).toBe(0)
  })

  it('holds up no command that does not read it', async () => {
    const {home, worker} = place()
    // Nobody ever ends this input.
    const talk = talkTo(home, ['task', 'run', '--worker', worker, '--', 'echo', 'done'])
    expect(await talk.code).toBe(0)
    expect(talk.heard()).toBe('done\n')
  })

  it('is there again for a retry', async () => {
    const script = 'cat; [ "$HELIX_ATTEMPT" = 2 ]'
    const {home, worker} = place()
    const {code, stdout} = await home.run(['task', 'run', '--worker', worker, '--retries', '1', '--', 'sh', '-c', script], {input: 'again\n'})
    expect({code, stdout}).toEqual({code: 0, stdout: 'again\nagain\n'})
  })
}

describe('standard input on this machine', () => {
  const home = makeHelixHome()
  suite(() => ({home, worker: 'local'}))

  it('is not handed on when it is a terminal or nothing', async () => {
    const {stdout} = await home.run(['task', 'run', '--', 'sh', '-c', 'if [ -t 0 ]; then echo tty; else wc -c; fi'])
    expect(stdout.trim()).toBe('0')
  })

  it('that was cut off with its sender fails the task instead of ending short', async () => {
    const talk = talkTo(home, ['task', 'run', '--name', 'cut', '--', 'sh', '-c', 'cat > /dev/null; echo whole'])
    talk.child.stdin.write('half')
    const list = async () => JSON.parse((await home.run(['task', 'list', '--limit', '1', '--json'])).stdout).tasks[0]
    await waitFor('the task to run', async () => (await list())?.status === 'running')
    talk.child.kill('SIGKILL')
    await talk.code
    await home.run(['scheduler', 'start', '--drain'])
    expect(await list()).toMatchObject({name: 'cut', status: 'failed', failure_kind: 'host', error: expect.stringContaining('cut off')})
  })

  afterAll(() => rmSync(home.root, {recursive: true, force: true}))
})

describeUnless(sshdAvailable(), 'standard input on a worker', () => {
  let pool: WorkerPool

  beforeAll(async () => {
    pool = await startAgentPool()
  })
  afterAll(() => pool.close())

  for (const worker of AGENT_WORKERS) describe(`whose agent is ${worker}`, () => suite(() => ({home: pool.home, worker})))
})
