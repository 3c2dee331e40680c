import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from '@jest/globals'
import {AGENT_WORKERS, agentsOf, startAgentPool} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish} from '../fixtures/helix.js'
import {isRunning} from '../fixtures/process-alive.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import {RunLog, type WorkerPool} from '../fixtures/worker-pool.js'

// Each tells its number. They ignore TERM, leave the group, leave their parent, or do all of it.
const FORKS = `
sh -c 'echo $$ >> "$0"; trap "" TERM; while :; do sleep 0.2; done' "$0" &
setsid sh -c 'echo $$ >> "$0"; exec sleep 600' "$0" &
(sh -c 'echo $$ >> "$0"; exec sleep 600' "$0" &)
nohup sh -c 'echo $$ >> "$0"; exec sleep 600' "$0" > /dev/null 2>&1 &
(setsid sh -c 'trap "" TERM HUP INT; (sh -c "echo \\$\\$ >> \\$0; sleep 600; sleep 600" "$0" &)' "$0" &)
echo $$ >> "$0"
`
const PROCESSES = 6
const WORKERS = ['local', ...AGENT_WORKERS]

describeUnless(sshdAvailable(), 'the whole process tree of a task', () => {
  let pool: WorkerPool
  let log: RunLog

  beforeAll(async () => {
    pool = await startAgentPool()
  })

  afterAll(() => pool.close())

  beforeEach(() => {
    log = new RunLog()
  })

  afterEach(() => log.remove())

  const pids = () => log.lines.filter((line) => line !== 'term').map(Number)
  const allStarted = () => waitFor('all processes to start', () => log.lines.length === PROCESSES)
  const words = (worker: string, end: string, ...flags: string[]) => [
    'task',
    'run',
    '--json',
    '--worker',
    worker,
    '--grace',
    '1s',
    ...flags,
    '--',
    'sh',
    '-c',
    FORKS + end,
    log.path,
  ]

  test.each(WORKERS)('is dead within the grace time once the task is cancelled by another command, on %s', async (worker) => {
    const ended = finish(pool.home.spawn(words(worker, `trap 'echo term >> "$0"' TERM; while :; do sleep 0.2; done`)))
    await allStarted()
    const {tasks} = JSON.parse((await pool.home.run(['task', 'list', '--status', 'running', '--json'])).stdout)
    const cancelling = pool.home.run(['task', 'cancel', tasks[0].id, '--json'])
    await waitFor('TERM', () => log.lines.includes('term'))
    const terminated = performance.now()
    const cancelled = await cancelling
    // Without --grace the grace time alone would be ten seconds.
    expect(performance.now() - terminated).toBeLessThan(9000)
    expect(JSON.parse(cancelled.stdout)).toMatchObject({tasks: [{status: 'cancelled'}]})
    expect(pids().filter(isRunning)).toEqual([])
    const run = await ended
    expect(run.code).toBe(130)
    expect(JSON.parse(run.stdout)).toMatchObject({status: 'cancelled'})
  })

  test.each(WORKERS)('is dead once Ctrl-C has ended the command that waits for it, on %s', async (worker) => {
    const child = pool.home.spawn(words(worker, 'wait; sleep 600'))
    const ended = finish(child)
    await allStarted()
    child.kill('SIGINT')
    expect(await ended).toMatchObject({code: 130})
    expect(pids().filter(isRunning)).toEqual([])
  })

  test.each(WORKERS)('is dead once the time limit is over, with exit code 124, on %s', async (worker) => {
    const run = await pool.home.run(words(worker, 'trap "" TERM; while :; do sleep 0.2; done', '--timeout', '3s'))
    expect(run.code).toBe(124)
    expect(JSON.parse(run.stdout)).toMatchObject({status: 'failed', failure_kind: 'timeout', attempt: 1})
    expect(pids().filter(isRunning)).toEqual([])
    expect(log.lines.length).toBe(PROCESSES)
  })

  test.each(AGENT_WORKERS)('is dead once the task has ended whose agent was killed before it was cancelled, on %s', async (worker) => {
    const ended = finish(pool.home.spawn(words(worker, 'trap "" TERM; while :; do sleep 0.2; done')))
    await allStarted()
    const {tasks} = JSON.parse((await pool.home.run(['task', 'list', '--status', 'running', '--json'])).stdout)
    for (const pid of agentsOf(pool.servers[AGENT_WORKERS.indexOf(worker)]!)) process.kill(pid, 'SIGKILL')
    await pool.home.run(['task', 'cancel', tasks[0].id])
    expect(pids().filter(isRunning)).toEqual([])
    // What perl and Node supervised themselves ends with them, which may come first.
    const {status} = JSON.parse((await ended).stdout)
    expect(worker === 'shell' ? ['cancelled'] : ['cancelled', 'failed']).toContain(status)
  })

  test.each(WORKERS)('gets the whole grace time to end by itself, on %s', async (worker) => {
    const run = await pool.home.run([
      ...['task', 'run', '--json', '--worker', worker, '--timeout', '1s', '--grace', '20s', '--'],
      ...['sh', '-c', 'trap "echo tidied up; exit 3" TERM; while :; do sleep 0.1; done'],
    ])
    expect(run.code).toBe(124)
    expect(JSON.parse(run.stdout)).toMatchObject({failure_kind: 'timeout', exit_code: 3, stdout: 'tidied up\n'})
  })
})
