import {spawn} from 'node:child_process'
import {randomUUID} from 'node:crypto'
import {expect, test} from '@jest/globals'
import {LocalTransport} from '../../src/core/workers/local-transport.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish, makeHelixHome} from '../fixtures/helix.js'
import {createMemoryGroup} from '../fixtures/memory-group.js'
import {waitFor} from '../fixtures/wait-for.js'
import {openAgent, runOrder, WORKER_AGENTS, workerEnvironment} from '../fixtures/worker-shell.js'

// tail keeps the last line, and /dev/zero never ends one.
const HUNGRY = ['tail', '/dev/zero']
const probe = createMemoryGroup(64 << 20)
if (typeof probe !== 'string') probe.remove()

describeUnless(typeof probe === 'string' ? probe : undefined, 'a task that takes more memory than there is', () => {
  const within = async <T>(bytes: number, work: (procs: string) => Promise<T>): Promise<T> => {
    const group = createMemoryGroup(bytes)
    if (typeof group === 'string') throw new Error(group)
    try {
      return await work(group.procs)
    } finally {
      await waitFor('the group to be empty', () => {
        try {
          group.remove()
          return true
        } catch {
          return false
        }
      })
    }
  }

  test('fails as such, and not as one that somebody killed', async () => {
    const home = makeHelixHome()
    const run = (procs: string, command: readonly string[]) => {
      const {spawnfile, spawnargs} = home.spawn(['--version'])
      const words = [spawnfile, spawnargs[1] ?? '', 'task', 'run', '--json', '--', ...command]
      return finish(spawn('sh', ['-c', 'echo $$ > "$0"; exec "$@"', procs, ...words], {cwd: home.root, env: home.env, stdio: 'pipe'}))
    }
    await within(400 << 20, async (procs) => {
      const hungry = await run(procs, HUNGRY)
      expect(hungry.code).toBe(137)
      expect(JSON.parse(hungry.stdout)).toMatchObject({status: 'failed', failure_kind: 'memory', signal: 'KILL', exit_code: null})
      const killed = await run(procs, ['sh', '-c', 'kill -KILL $$'])
      expect(killed.code).toBe(137)
      expect(JSON.parse(killed.stdout)).toMatchObject({status: 'failed', failure_kind: 'signal', signal: 'KILL', exit_code: null})
    })
  })

  for (const {name, missing, shell, kind} of WORKER_AGENTS) {
    describeUnless(missing, `on a worker whose agent is ${name}`, () => {
      test('is told from one that was killed', async () => {
        await within(64 << 20, async (procs) => {
          const transport = new LocalTransport()
          transport.exec = (command, options) => LocalTransport.prototype.exec.call(transport, `echo $$ > ${procs}; ${command}`, options)
          const env = workerEnvironment(shell)
          const agent = await openAgent(transport, env, kind)
          for (const [command, outOfMemory] of [
            [HUNGRY, true],
            [['sh', '-c', 'kill -KILL $$'], false],
          ] as const) {
            const order = {storeId: 's', taskId: randomUUID(), attempt: 1, command, environment: {}, timeoutSeconds: 0, graceSeconds: 1}
            expect(await runOrder(agent, transport, order, env)).toMatchObject({signal: 'KILL', outOfMemory})
          }
          agent.close()
        })
      })
    })
  }
})
