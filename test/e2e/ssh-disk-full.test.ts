import {randomBytes} from 'node:crypto'
import {globSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import type {AgentKind} from '../../src/core/workers/agent-scripts.js'
import {AGENT_WORKERS, startAgentPool} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {makeFolderFor} from '../fixtures/installed-worker.js'
import {mountingRefused, mountSmallDisk} from '../fixtures/small-disk.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import {RunLog, type WorkerPool} from '../fixtures/worker-pool.js'

describeUnless(sshdAvailable() ?? mountingRefused(), 'a worker whose disk is full', () => {
  let pool: WorkerPool
  const disks = new Map<string, ReturnType<typeof mountSmallDisk>>()

  beforeAll(async () => {
    pool = await startAgentPool()
    for (const [index, worker] of AGENT_WORKERS.entries()) {
      const server = pool.servers[index]!
      const folder = join(server.home, '.local', 'state')
      makeFolderFor(server, folder)
      disks.set(worker, mountSmallDisk(folder, '8m', server.username))
    }
  })

  afterAll(async () => {
    for (const disk of disks.values()) disk.unmount()
    await pool.close()
  })

  const run = async (worker: string, flags: readonly string[], command: readonly string[]) => {
    const {stdout} = await pool.home.run(['task', 'run', '--json', '--worker', worker, ...flags, '--', ...command])
    return JSON.parse(stdout)
  }
  const onDisk = (worker: AgentKind, pattern: string) => globSync(pattern, {cwd: join(pool.servers[AGENT_WORKERS.indexOf(worker)]!.home, '.local', 'state')})

  test.each(AGENT_WORKERS)('refuses large and small orders as a failure of the host, and takes them as soon as there is room, on %s', async (worker) => {
    const disk = disks.get(worker)!
    disk.fill(0)
    const large = Array.from({length: 5}, () => 'x'.repeat(100_000))
    const failed = await Promise.all([large, ['x'], large, ['x']].map((words) => run(worker, [], ['true', ...words])))
    expect(failed).toMatchObject(failed.map(() => ({status: 'failed', failure_kind: 'host', attempt: 1})))
    disk.makeRoom()
    expect(await run(worker, [], ['sh', '-c', 'echo $#', 'x', ...large])).toMatchObject({status: 'completed', stdout: '5\n'})
  })

  test.each(AGENT_WORKERS)('tells how the command ended that filled it, and runs others once its output is removed, on %s', async (worker) => {
    const filled = await run(worker, ['--retries', '1', '--retry-on', 'host'], ['sh', '-c', 'head -c 9000000 /dev/zero || exit 7'])
    expect(filled).toMatchObject({status: 'failed', failure_kind: 'exit', exit_code: 7, attempt: 1})
    await pool.home.run(['task', 'prune', '--older-than', '0s'])
    expect(await run(worker, [], ['echo', 'again'])).toMatchObject({status: 'completed', stdout: 'again\n'})
  })

  test.each(AGENT_WORKERS)('lets attempts that run go on, however little it can still write of others, on %s', async (worker) => {
    const log = new RunLog()
    const scheduler = pool.home.spawn(['scheduler', 'start'])
    const detach = async (...command: string[]) => (await pool.home.run(['task', 'run', '--detach', '--worker', worker, '--', ...command])).stdout.trim()
    const running = await detach('sh', '-c', `echo ran >> ${log.path}; until [ -e ${log.goPath} ]; do sleep 0.1; done`)
    await waitFor('the task to run', () => log.lines.length === 1)
    // Room for the first of the files that an attempt has, for the first two, and so on.
    for (const pages of [1, 2, 3, 4]) {
      disks.get(worker)!.fill(pages * 4096)
      await pool.home.run(['task', 'wait', await detach('echo', 'out')])
      disks.get(worker)!.makeRoom()
    }
    log.letGo()
    expect(await pool.home.run(['task', 'wait', running])).toMatchObject({code: 0})
    expect(JSON.parse((await pool.home.run(['task', 'show', running, '--json'])).stdout)).toMatchObject({status: 'completed', attempt: 1})
    scheduler.kill()
    log.remove()
  })

  test.each(AGENT_WORKERS)('does not take half of an upload, nor leaves it there, on %s', async (worker) => {
    const disk = disks.get(worker)!
    const file = join(pool.home.root, 'in')
    writeFileSync(file, randomBytes(3_000_000))
    disk.fill(2_000_000)
    const upload = ['--upload', file, '--retries', '0']
    expect(await run(worker, upload, ['cksum', 'in'])).toMatchObject({status: 'failed', failure_kind: 'transport'})
    expect(onDisk(worker, 'helix/*/*/*/work/*')).toEqual([])
    disk.makeRoom()
    expect(await run(worker, upload, ['sh', '-c', 'wc -c < in'])).toMatchObject({status: 'completed', stdout: '3000000\n'})
  })
})
