import {spawn} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, readFileSync} from 'node:fs'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish} from '../fixtures/helix.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import {startPool, type WorkerPool} from '../fixtures/worker-pool.js'

const GIB = 1024 ** 3
const MOST_MEMORY_KIB = 300 * 1000
// The same bytes each time, and none like those before, so that a gap or a repeat shows.
const SCRIPT = `perl -e 'for ($i = 0; $i < ${GIB / 64}; $i++) { printf "%063d\\n", $i }'`

describeUnless(existsSync('/proc/self/status') ? sshdAvailable() : 'there is no /proc', 'a task that prints 1 GiB', () => {
  let pool: WorkerPool
  beforeAll(async () => {
    pool = await startPool({slots: 2})
  })
  afterAll(() => pool.close())

  /** Runs a command line; its output's size and digest, and the most memory that it took. */
  async function measure(args: readonly string[]): Promise<{code: number | null; bytes: number; digest: string; peakKib: number}> {
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
    child.stdin.end()
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return {code, bytes, digest: hash.digest('hex'), peakKib}
  }

  test('takes little memory, and all of it arrives; so do its logs, through lost connections', async () => {
    const direct = await finish(spawn('sh', ['-c', `${SCRIPT} | sha256sum`], {stdio: 'pipe'}))
    const digest = direct.stdout.split(' ')[0]
    const run = await measure(['task', 'run', '--', 'sh', '-c', SCRIPT])
    expect(run).toMatchObject({code: 0, bytes: GIB, digest})
    expect(run.peakKib).toBeGreaterThan(0)
    expect(run.peakKib).toBeLessThan(MOST_MEMORY_KIB)
    const {tasks} = JSON.parse((await pool.home.run(['task', 'list', '--json'])).stdout)
    const shown = JSON.parse((await pool.home.run(['task', 'show', tasks[0].id, '--json'])).stdout)
    expect(shown).toMatchObject({status: 'completed', stdout_truncated: true})
    expect(shown.stdout).toHaveLength(64 * 1024)
    const logs = measure(['task', 'logs', '--follow', tasks[0].id])
    await waitFor('a connection', () => pool.server.connections().length > 0)
    pool.server.signalConnections('SIGKILL')
    expect(await logs).toMatchObject({code: 0, bytes: GIB, digest})
    expect((await logs).peakKib).toBeLessThan(MOST_MEMORY_KIB)
  }, 300_000)
})
