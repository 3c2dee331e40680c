import {spawn} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, readFileSync} from 'node:fs'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {AGENT_WORKERS, startAgentPool} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish} from '../fixtures/helix.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import type {WorkerPool} from '../fixtures/worker-pool.js'

const GIB = 1024 ** 3
const MOST_MEMORY_KIB = 300 * 1000
// The same bytes each time, and none like those before, so that a gap or a repeat shows.
const SCRIPT = `perl -e 'for ($i = 0; $i < ${GIB / 64}; $i++) { printf "%063d\\n", $i }'`

describeUnless(existsSync('/proc/self/status') ? sshdAvailable() : 'there is no /proc', 'a long output', () => {
  let pool: WorkerPool
  beforeAll(async () => {
    pool = await startAgentPool()
  })
  afterAll(() => pool.close())

  /** Runs a command line; its output's size and digest, and the most memory that it took. */
  async function measure(args: readonly string[], input = ''): Promise<{code: number | null; bytes: number; digest: string; peakKib: number}> {
    const child = pool.home.spawn(args)
    const hash = createHash('sha256')
    let [bytes, peakKib] = [0, 0]
    const look = () => {
      const status = existsSync(`/proc/${child.pid}/status`) ? readFileSync(`/proc/${child.pid}/status`, 'utf8') : ''
      peakKib = Math.max(peakKib, Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0))
    }
    child.stdout.on('data', (chunk: Buffer) => {
      if (Math.floor(bytes / (16 << 20)) !== Math.floor((bytes + chunk.length) / (16 << 20))) look()
      bytes += chunk.length
      hash.update(chunk)
    })
    child.stderr.resume()
    child.stdin.end(input)
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return {code, bytes, digest: hash.digest('hex'), peakKib}
  }

  test.each(AGENT_WORKERS)('of eight tasks at once takes little memory, and all of it arrives, on %s', async (worker) => {
    const items = Array.from({length: 8}, (_, index) => String(index + 1))
    const script = 'seq -f "$1 %032.0f" 1 500000'
    const expected = createHash('sha256')
    for (const item of items) {
      const {stdout} = await finish(spawn('sh', ['-c', script, 'sh', item], {stdio: 'pipe'}))
      expected.update(stdout)
    }
    const mapped = await measure(['task', 'map', '-k', '--worker', worker, '--', 'sh', '-c', script, 'sh'], `${items.join('\n')}\n`)
    expect(mapped).toMatchObject({code: 0, digest: expected.digest('hex')})
    expect(mapped.peakKib).toBeGreaterThan(0)
    expect(mapped.peakKib).toBeLessThan(MOST_MEMORY_KIB)
  })

  test('of 1 GiB takes little memory, and all of it arrives; so do its logs, through lost connections', async () => {
    const direct = await finish(spawn('sh', ['-c', `${SCRIPT} | sha256sum`], {stdio: 'pipe'}))
    const digest = direct.stdout.split(' ')[0]
    const run = await measure(['task', 'run', '--worker', 'perl', '--', 'sh', '-c', SCRIPT])
    expect(run).toMatchObject({code: 0, bytes: GIB, digest})
    expect(run.peakKib).toBeGreaterThan(0)
    expect(run.peakKib).toBeLessThan(MOST_MEMORY_KIB)
    const {tasks} = JSON.parse((await pool.home.run(['task', 'list', '--json'])).stdout)
    const shown = JSON.parse((await pool.home.run(['task', 'show', tasks[0].id, '--json'])).stdout)
    expect(shown).toMatchObject({status: 'completed', stdout_truncated: true})
    expect(shown.stdout).toHaveLength(64 * 1024)
    const server = pool.servers[AGENT_WORKERS.indexOf('perl')]!
    const logs = measure(['task', 'logs', '--follow', tasks[0].id])
    await waitFor('a connection', () => server.connections().length > 0)
    server.signalConnections('SIGKILL')
    expect(await logs).toMatchObject({code: 0, bytes: GIB, digest})
    expect((await logs).peakKib).toBeLessThan(MOST_MEMORY_KIB)
  }, 300_000)
})
