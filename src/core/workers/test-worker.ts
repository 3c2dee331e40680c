import {randomUUID} from 'node:crypto'
import type {Store} from '../data/store.js'
import {HelixError} from '../errors/helix-error.js'
import {AttemptAgent} from './attempt-agent.js'
import {collectAttempts, removeTaskFolders} from './attempt-protocol.js'
import {discover, look, register} from './connect-worker.js'
import type {InstallSource} from './install/install-helix.js'
import type {Transport} from './transport.js'
import type {WorkerRow} from './worker.js'
import {scriptEnvironment} from './worker-connections.js'
import {type ReportStep, type WorkerStep, WorkerSteps} from './worker-steps.js'

const START_SECONDS = 30

/** What testing a worker needs. */
export interface TestOptions {
  store: Store
  source: InstallSource
  connect: () => Promise<Transport>
}

/**
 * Goes through everything that a task needs of a worker, and through the steps of connecting one, but installs nothing. Rejects at
 * the first step that fails without which no task can run. `report` hears of each as it is done.
 */
export async function testWorker(worker: WorkerRow, {store, source, connect}: TestOptions, report: ReportStep): Promise<WorkerStep[]> {
  const steps = new WorkerSteps(report)
  const isLocal = worker.origin === 'local'
  const environment = scriptEnvironment(worker)
  const transport = await steps.run('connect', async () => [
    await connect(),
    isLocal ? 'this machine' : `${worker.username}@${worker.hostname}:${worker.port}, host key as accepted`,
  ])
  const check = isLocal ? undefined : await steps.attempt('check installation', () => look(transport, source))
  const name = {storeId: 'test', taskId: randomUUID(), attempt: 1}
  const order = {...name, command: ['uname', '-srm'], environment: {}, timeoutSeconds: START_SECONDS, graceSeconds: 1}
  const root = await steps.run('run a supervised command', async () => {
    const agent = await AttemptAgent.open(transport, {env: environment})
    const outcome = await agent.start(order, START_SECONDS).finally(() => agent.close())
    const report = outcome.state === 'ended' ? outcome.report : (await collectAttempts(transport, [name], environment))[0]
    if (report?.exitCode !== 0) {
      const said = report ? report.stderrTail.toString().trim() : outcome.state
      throw new HelixError('unavailable', `${worker.name} could not run a command: ${said}`, {code: 'WORKER_TEST_FAILED'})
    }
    return [agent.root, report.stdoutTail.toString().trim()]
  })
  await steps.run('read a file', async () => {
    const path = `${root}/${name.storeId}/${name.taskId}/1/result`
    const result = await transport.readRange(path, 0, 64)
    return [result, root]
  })
  await removeTaskFolders(transport, name.storeId, [name.taskId], environment)
  const probe = await steps.attempt('discover', () => discover(transport, environment))
  await steps.run('register', async () => {
    await register(store, worker, {version: check ? check.found?.version : (worker.helix_version ?? undefined), probe})
    return [undefined, probe ? 'resources and load stored' : 'nothing new']
  })
  return steps.all
}
