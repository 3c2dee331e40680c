import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {listWorkers} from '../../src/core/workers/worker-store.js'
import {AGENT_WORKERS, SSH_AGENTS, startAgentServer} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {type QueueUser, queueUsers} from '../fixtures/queue-user.js'
import {type Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {describeStores} from '../fixtures/stores.js'
import {TcpProxy} from '../fixtures/tcp-proxy.js'
import {waitFor} from '../fixtures/wait-for.js'
import {RunLog} from '../fixtures/worker-pool.js'

const TASKS = Array.from({length: 20}, (_, index) => String(index + 1))
const NOTICED_WITHIN_MS = 20_000
// Half of the tasks end while the link is down, the others afterwards; each prints before, meanwhile and at its end.
const script = (log: RunLog) => `
echo "{} $HELIX_ATTEMPT" >> ${log.path}
seq -f "{} %g" 1 3000
until [ -e ${log.path}.down ]; do sleep 0.1; done
seq -f "{} %g" 3001 6000
[ $(({} % 2)) -eq 1 ] || until [ -e ${log.goPath} ]; do sleep 0.1; done
echo "{} end" >> ${log.path}
seq -f "{} %g" 6001 7000`
const OUTPUT = TASKS.map((task) => Array.from({length: 7000}, (_, index) => `${task} ${index + 1}\n`).join('')).join('')

describeUnless(sshdAvailable(), 'a link that is down while 20 tasks run over it', () => {
  let servers: Sshd[]
  let proxies: TcpProxy[]

  beforeAll(async () => {
    servers = await Promise.all(SSH_AGENTS.filter(({missing}) => !missing).map((agent) => startAgentServer(agent)))
    proxies = await Promise.all(servers.map(({port}) => TcpProxy.start(port)))
  })

  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()))
    await Promise.all(servers.map((server) => server.stop()))
  })

  describeStores('with the store', (newStore) => {
    const openUser = queueUsers(newStore)

    const addWorkers = async (user: QueueUser) => {
      for (const [index, worker] of AGENT_WORKERS.entries()) {
        const {username, keyPath, hostKeyFingerprint} = servers[index]!
        const target = `${username}@127.0.0.1:${proxies[index]!.port}`
        const added = await user.run(['worker', 'add', worker, target, '--key', keyPath, '--host-key', hostKeyFingerprint, '--slots', '20'])
        expect(added).toMatchObject({code: 0})
      }
    }

    test('is noticed, the tasks go on, and all of their output is there afterwards, whatever the agent', async () => {
      const user = await openUser()
      await addWorkers(user)
      const logs = AGENT_WORKERS.map(() => new RunLog())
      const maps = AGENT_WORKERS.map((worker, index) =>
        user.run(['task', 'map', '-k', '-j', '20', '--worker', worker, '--', 'sh', '-c', script(logs[index]!)], {
          input: `${TASKS.join('\n')}\n`,
          env: {HELIX_WORKERS__MAX_CONCURRENT_TASKS: '20'},
        }),
      )
      await waitFor('all to run', () => logs.every(({lines}) => lines.length === TASKS.length))
      const silenced = Date.now()
      for (const proxy of proxies) proxy.silence()
      for (const log of logs) log.write('down')
      const workers = () => listWorkers(user.queue.store, '')
      await waitFor('the workers to be inactive', async () => (await workers()).every(({status}) => status === 'inactive'), 60_000)
      expect(Math.max(...(await workers()).map(({lost_at}) => Date.parse(String(lost_at)))) - silenced).toBeLessThan(NOTICED_WITHIN_MS)
      await waitFor('half of the tasks to end', () => logs.every(({lines}) => lines.length === 1.5 * TASKS.length))
      for (const proxy of proxies) {
        proxy.restore()
        proxy.cut()
      }
      for (const log of logs) log.letGo()
      for (const [index, {code, stdout}] of (await Promise.all(maps)).entries()) {
        expect([AGENT_WORKERS[index], code, stdout === OUTPUT]).toEqual([AGENT_WORKERS[index], 0, true])
        const [begun, ended] = [TASKS.map((task) => `${task} 1`), TASKS.map((task) => `${task} end`)]
        expect(logs[index]!.lines.sort()).toEqual([...begun, ...ended].sort())
      }
      expect(await user.problems()).toEqual([])
      for (const log of logs) log.remove()
    })
  })
})
