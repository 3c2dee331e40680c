import {createHash} from 'node:crypto'
import {afterEach, beforeEach, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish, type HelixResult} from '../fixtures/helix.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import {RunLog, startPool, type WorkerPool} from '../fixtures/worker-pool.js'

const LINES = 4000
// Numbered lines on both streams, slow enough to be cut in the middle; the number of the attempt goes to a file.
const SCRIPT = `
echo "$HELIX_ATTEMPT" >> "$0"
i=0
while [ $i -lt ${LINES} ]; do
  i=$((i + 1))
  echo "line $i of a long output that must not have a gap"
  [ $((i % 8)) -ne 0 ] || echo "error $i" >&2
  [ $((i % 40)) -ne 0 ] || sleep 0.05
done
exit 9`
const numbers = Array.from({length: LINES}, (_, index) => index + 1)
const STDOUT = numbers.map((i) => `line ${i} of a long output that must not have a gap\n`).join('')
const STDERR = numbers
  .filter((i) => i % 8 === 0)
  .map((i) => `error ${i}\n`)
  .join('')

describeUnless(sshdAvailable(), 'a task whose connection is lost', () => {
  let pool: WorkerPool
  let log: RunLog

  beforeEach(async () => {
    pool = await startPool({slots: 2})
    log = new RunLog()
  })

  afterEach(async () => {
    log.remove()
    await pool.close()
  })

  const start = () => {
    const child = pool.home.spawn(['task', 'run', '--worker', 'w1', '--', 'sh', '-c', SCRIPT, log.path])
    let seen = 0
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.length
    })
    return {ended: finish(child), printed: (bytes: number) => waitFor(`${bytes} bytes of output`, () => seen >= bytes)}
  }
  const expectWhole = async ({code, stdout, stderr}: HelixResult, why = /was lost/) => {
    expect(code).toBe(9)
    expect(digest(stdout)).toBe(digest(STDOUT))
    const notes = stderr.split('\n').filter((line) => line.startsWith('helix: '))
    expect(digest(notes.reduce((rest, note) => rest.replace(`${note}\n`, ''), stderr))).toBe(digest(STDERR))
    expect(notes).toEqual(notes.map(() => expect.stringMatching(why)))
    expect(notes.length).toBeGreaterThan(0)
    expect(log.lines).toEqual(['1'])
    const {tasks} = JSON.parse((await pool.home.run(['task', 'list', '--json'])).stdout)
    expect(tasks).toMatchObject([{attempt: 1, exit_code: 9}])
    expect(digest((await pool.home.run(['task', 'logs', tasks[0].id])).stdout)).toBe(digest(STDOUT))
  }

  test('again and again goes on, and its output has neither gap nor repeat', async () => {
    const run = start()
    for (const bytes of [5_000, 60_000, 120_000]) {
      await run.printed(bytes)
      pool.server.signalConnections('SIGKILL')
    }
    await expectWhole(await run.ended)
  })

  test('by a server that is restarted goes on', async () => {
    const run = start()
    await run.printed(20_000)
    await pool.server.restart()
    await expectWhole(await run.ended)
  })

  test('by a link that is dead without saying so goes on as soon as that is noticed', async () => {
    const run = start()
    await run.printed(20_000)
    pool.server.signalConnections('SIGSTOP')
    await expectWhole(await run.ended, /does not answer any more/)
  })
})

function digest(text: string): string {
  return `${text.length} ${createHash('sha256').update(text).digest('hex')}`
}
