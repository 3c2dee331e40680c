import {type ChildProcess, spawn} from 'node:child_process'
import {readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, expect, test} from '@jest/globals'
import type {OnLost} from '../../src/core/tasks/task.js'
import {SSH_AGENTS, startAgentServer} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {isRunning} from '../fixtures/process-alive.js'
import {newTask} from '../fixtures/queue.js'
import {type QueueUser, queueUsers} from '../fixtures/queue-user.js'
import {Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'
import {addServer, addServers, RunLog} from '../fixtures/worker-pool.js'

describeUnless(sshdAvailable(), 'a worker that stays away', () => {
  describeStores('with its task', (newStore) => {
    const openUser = queueUsers(newStore)
    let log: RunLog
    let servers: Sshd[] = []
    let scheduler: Awaited<ReturnType<QueueUser['startScheduler']>>
    afterEach(async () => {
      log.remove()
      await Promise.all(servers.splice(0).map((server) => server.stop()))
    })

    /** Starts a task on a worker, under a scheduler, and has the worker go. */
    const loseWorker = async (onLost: OnLost): Promise<QueueUser> => {
      const user = await openUser()
      log = new RunLog()
      servers = await Promise.all([Sshd.start(), Sshd.start()])
      await addServers(user.home, servers.slice(0, 1))
      scheduler = await user.startScheduler()
      const script = `echo "$HELIX_ATTEMPT $HELIX_WORKER $$" >> ${log.path}; until [ -e ${log.goPath} ]; do sleep 0.1; done`
      // On the command line it would be 30 s at least.
      await user.queue.submit([newTask({input: {command: ['sh', '-c', script]}, policy: {on_lost: onLost, lost_seconds: 3, retries: 1, grace_seconds: 1}})])
      await waitFor('the task to run', () => log.lines.length === 1)
      await servers[0]!.halt()
      return user
    }
    const firstProcess = () => Number(log.lines[0]?.split(' ')[2])

    test('is given another worker where on_lost is retry, and its first attempt is ended once its worker is back', async () => {
      const user = await loseWorker('retry')
      await addServer(user.home, 'w2', servers[1]!, [])
      await waitFor('the second attempt', () => log.lines.length === 2)
      expect(log.lines[1]).toMatch(/^2 w2 /)
      expect(isRunning(firstProcess())).toBe(true)
      await servers[0]!.restart()
      await waitFor('the end of the first attempt', () => !isRunning(firstProcess()))
      log.letGo()
      await user.waitForStatus('completed')
      expect(await user.queue.attempts((await user.ids())[0]!)).toMatchObject([{status: 'failed', failure_kind: 'host'}, {status: 'completed'}])
      expect(log.lines).toHaveLength(2)
      expect(await user.problems()).toEqual([])
    })

    test('fails at once where on_lost is fail, and is ended once its worker is back', async () => {
      const user = await loseWorker('fail')
      await user.waitForStatus('failed')
      expect(await user.task()).toMatchObject({failure_kind: 'host', attempt: 1, error_message: expect.stringContaining('has been away')})
      await servers[0]!.restart()
      await waitFor('the end of the attempt', () => !isRunning(firstProcess()))
      expect(await user.problems()).toEqual([])
    })

    test('is ended once its worker is back also when whoever gave it up is gone', async () => {
      const user = await loseWorker('fail')
      await user.waitForStatus('failed')
      scheduler.child.kill('SIGKILL')
      await scheduler.result
      await servers[0]!.restart()
      expect(isRunning(firstProcess())).toBe(true)
      await user.startScheduler()
      await waitFor('the end of the attempt', () => !isRunning(firstProcess()))
      const attempts = () => user.queue.store.query<{error_message: string}>('SELECT error_message FROM task_attempts')
      await waitFor('that to be told', async () => /^it was ended once its worker was back; its worker/.test((await attempts())[0]!.error_message))
      expect(await user.problems()).toEqual([])
    })

    test('has failed as unknown where on_lost is wait, and is neither tried again nor ended', async () => {
      const user = await loseWorker('wait')
      await user.waitForStatus('failed')
      expect(await user.task()).toMatchObject({failure_kind: 'unknown', attempt: 1})
      await servers[0]!.restart()
      await waitFor('the worker to be back', async () => (await user.run(['worker', 'test', 'w1'])).code === 0)
      expect(isRunning(firstProcess())).toBe(true)
      log.letGo()
      await waitFor('the end of the command', () => !isRunning(firstProcess()))
      expect(await user.problems()).toEqual([])
    })
  })
})

for (const agent of SSH_AGENTS) {
  describeUnless(agent.missing, `a worker whose agent is ${agent.name} and that restarts`, () => {
    describeStores('with the store', (newStore, store) => {
      const openUser = queueUsers(newStore)
      let server: Sshd
      let bystander: ChildProcess | undefined
      afterEach(async () => {
        bystander?.kill()
        await server.stop()
      })

      /** Ends what runs of an attempt, and leaves what would be found after a restart: another boot, in which its numbers belong to somebody else. */
      const restart = async (folder: string, owner = (pid: number, start: string) => `1 ${pid} ${start} an-earlier-boot\n`) => {
        await server.halt()
        const word = (file: string, index: number) => Number(readFileSync(join(folder, file), 'utf8').split(' ')[index])
        const numbers = [word('owner', 1), word('pid', 0)]
        for (const pid of numbers) process.kill(pid, 'SIGKILL')
        const {uid, gid} = statSync(folder)
        bystander = spawn('sleep', ['600'], {uid, gid, detached: true, stdio: 'ignore'})
        const start = readFileSync(`/proc/${bystander.pid}/stat`, 'utf8').split(' ')[21] ?? ''
        writeFileSync(join(folder, 'owner'), owner(bystander.pid ?? 0, start))
        writeFileSync(join(folder, 'pid'), `${bystander.pid}\n`)
        await server.restart()
      }

      const startTask = async () => {
        const user = await openUser()
        server = await startAgentServer(agent)
        await addServers(user.home, [server])
        const log = new RunLog()
        const script = `echo $HELIX_ATTEMPT >> ${log.path}; until [ -e ${log.goPath} ]; do sleep 0.1; done`
        const run = user.start(['task', 'run', '--json', '--retries', '1', '--worker', 'w1', '--', 'sh', '-c', script])
        await waitFor('the task to run', () => log.lines.length === 1)
        const id = (await user.ids())[0]!
        return {user, run, log, id, folder: join(server.home, '.local/state/helix', await user.queue.store.id(), id, '1')}
      }

      test('fails the attempt as host, tries the task again, and leaves alone who has the numbers of before', async () => {
        const {user, run, log, id, folder} = await startTask()
        await restart(folder)
        await waitFor('the second attempt', () => log.lines.length === 2)
        log.letGo()
        expect(await run.result).toMatchObject({code: 0})
        expect(isRunning(bystander?.pid ?? 0)).toBe(true)
        expect(await user.queue.attempts(id)).toMatchObject([{status: 'failed', failure_kind: 'host'}, {status: 'completed'}])
        expect(await user.problems()).toEqual([])
        log.remove()
      })

      // It takes as long as an order is good for, whatever the agent and the store.
      if (agent.kind === 'perl' && store === 'sqlite') {
        test('tries the task again whose files were lost with the power', async () => {
          const {user, run, log, id, folder} = await startTask()
          await restart(folder, () => '')
          await waitFor('the second attempt', () => log.lines.length === 2, 120_000)
          log.letGo()
          expect(await run.result).toMatchObject({code: 0})
          expect(await user.queue.attempts(id)).toMatchObject([{status: 'failed', failure_kind: 'host'}, {status: 'completed'}])
          log.remove()
        })
      }
    })
  })
}
