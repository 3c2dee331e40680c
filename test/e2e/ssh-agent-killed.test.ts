import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {agentsOf, SSH_AGENTS, startAgentServer} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {isRunning} from '../fixtures/process-alive.js'
import {type QueueUser, queueUsers} from '../fixtures/queue-user.js'
import type {Sshd} from '../fixtures/sshd.js'
import {describeStores} from '../fixtures/stores.js'
import {waitFor} from '../fixtures/wait-for.js'
import {addServers, RunLog} from '../fixtures/worker-pool.js'

const FIRST = ['1', '2', '3', '4']
const LATER = ['5', '6', '7', '8']

for (const agent of SSH_AGENTS) {
  describeUnless(agent.missing, `a worker whose agent is ${agent.name}`, () => {
    let server: Sshd
    beforeAll(async () => {
      server = await startAgentServer(agent)
    })
    afterAll(() => server.stop())

    describeStores('with several attempts', (newStore) => {
      const openUser = queueUsers(newStore)
      let log: RunLog

      /** A scheduler with tasks that wait for `letGo`; each tells its number, its attempt and its process. */
      const start = async () => {
        const user = await openUser()
        log = new RunLog()
        await addServers(user.home, [server], 12)
        const scheduler = await user.startScheduler()
        const script = `echo {} $HELIX_ATTEMPT $$ >> ${log.path}; until [ -e ${log.goPath} ]; do sleep 0.1; done; echo out {}`
        const submit = (items: readonly string[], ...flags: string[]) =>
          user.run(['task', 'map', '--detach', ...flags, '--', 'sh', '-c', script], {input: items.map((item) => `${item}\n`).join('')})
        await submit(FIRST, '--retries', '1', '--retry-on', 'host')
        await waitFor('the first to run', () => log.lines.length === FIRST.length)
        return {user, scheduler, submit}
      }
      /** Waits for the end of all, each of which must have printed what it should; what ran, as `ITEM ATTEMPT`. */
      const expectAll = async (user: QueueUser, items: readonly string[]) => {
        await waitFor('the end of all', async () => (await user.queue.store.query(`SELECT id FROM tasks WHERE status IN ('pending', 'running')`)).length === 0)
        const outputs = await Promise.all((await user.ids()).map((id) => user.run(['task', 'logs', id])))
        expect(outputs.map(({stdout}) => stdout)).toEqual(items.map((item) => `out ${item}\n`))
        expect(await user.problems()).toEqual([])
        return ran().map(([item, attempt]) => `${item} ${attempt}`)
      }
      const ran = () => log.lines.map((line) => line.split(' '))

      test('that is killed: nothing of them is alive twice, all end once, and others start at once', async () => {
        const {user, submit} = await start()
        const [pid, ...others] = agentsOf(server)
        expect(others).toEqual([])
        process.kill(pid!, 'SIGKILL')
        // What perl and Node supervised themselves has to be ended before it is tried again.
        const isOwn = agent.kind !== 'shell'
        if (isOwn) await waitFor('the second attempts', () => log.lines.length === 2 * FIRST.length)
        if (isOwn) expect(ran().filter(([, attempt, process]) => attempt === '1' && isRunning(Number(process)))).toEqual([])
        await submit(LATER)
        await waitFor('later ones to run', () => LATER.every((item) => ran().some(([one]) => one === item)))
        log.letGo()
        const inAttempt = (items: readonly string[], attempt: number) => items.map((item) => `${item} ${attempt}`)
        // A shell's supervisors go on without it and keep its channel open, so that it is missed only when it has not begun what it was told to.
        const expected = isOwn ? [...inAttempt(FIRST, 1), ...inAttempt(FIRST, 2), ...inAttempt(LATER, 1)] : [...inAttempt(FIRST, 1), ...inAttempt(LATER, 2)]
        expect((await expectAll(user, [...FIRST, ...LATER])).sort()).toEqual(expected.sort())
        log.remove()
      })

      test('that is stopped while its coordinator is killed: they go on, and the next one takes their ends in the same attempts', async () => {
        const {user, scheduler} = await start()
        const [pid] = agentsOf(server)
        process.kill(pid!, 'SIGSTOP')
        scheduler.child.kill('SIGKILL')
        await scheduler.result
        await user.endLeaseOf(scheduler.child)
        log.letGo()
        await waitFor('the commands to end', () => ran().every(([, , process]) => !isRunning(Number(process))))
        const next = await user.startScheduler()
        await waitFor('the tasks to be adopted', async () => {
          const owner = await user.ownedBy(next.child)
          return (
            (await user.queue.store.query(`SELECT id FROM tasks WHERE coordinator_id = ?`, [owner ?? ''])).length ===
            (agent.kind === 'shell' ? 0 : FIRST.length)
          )
        })
        process.kill(pid!, 'SIGCONT')
        expect((await expectAll(user, FIRST)).sort()).toEqual(FIRST.map((item) => `${item} 1`))
        log.remove()
      })
    })
  })
}
