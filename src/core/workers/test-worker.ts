import {randomUUID} from 'node:crypto'
import {HelixError} from '../errors/helix-error.js'
import {AttemptAgent} from './attempt-agent.js'
import {collectAttempts, removeTaskFolders} from './attempt-protocol.js'
import type {Transport} from './transport.js'
import type {WorkerRow} from './worker.js'
import {scriptEnvironment} from './worker-connections.js'

/** One step of a worker's test, with its time in milliseconds. */
export interface TestStep {
  step: string
  detail: string
  duration_ms: number
}

const START_SECONDS = 30

/** Goes through everything that a task needs of a worker; rejects at the first step that fails. `report` hears of each as it is done. */
export async function testWorker(worker: WorkerRow, connect: () => Promise<Transport>, report: (step: TestStep) => void): Promise<TestStep[]> {
  const steps: TestStep[] = []
  const timed = async <T>(step: string, work: () => Promise<[T, string]>): Promise<T> => {
    const started = performance.now()
    const [value, detail] = await work()
    const done = {step, detail, duration_ms: Math.round(performance.now() - started)}
    steps.push(done)
    report(done)
    return value
  }
  const environment = scriptEnvironment(worker)
  const transport = await timed('connect', async () => [
    await connect(),
    worker.origin === 'local' ? 'this machine' : `${worker.username}@${worker.hostname}:${worker.port}, host key as accepted`,
  ])
  const name = {storeId: 'test', taskId: randomUUID(), attempt: 1}
  const order = {...name, command: ['uname', '-srm'], environment: {}, timeoutSeconds: START_SECONDS, graceSeconds: 1}
  const root = await timed('run a supervised command', async () => {
    const agent = await AttemptAgent.open(transport, {env: environment})
    const outcome = await agent.start(order, START_SECONDS).finally(() => agent.close())
    const report = outcome.state === 'ended' ? outcome.report : (await collectAttempts(transport, [name], environment))[0]
    if (report?.exitCode !== 0) {
      const said = report ? report.stderrTail.toString().trim() : outcome.state
      throw new HelixError('unavailable', `${worker.name} could not run a command: ${said}`, {code: 'WORKER_TEST_FAILED'})
    }
    return [agent.root, report.stdoutTail.toString().trim()]
  })
  await timed('read a file', async () => {
    const path = `${root}/${name.storeId}/${name.taskId}/1/result`
    const result = await transport.readRange(path, 0, 64)
    return [result, root]
  })
  await removeTaskFolders(transport, name.storeId, [name.taskId], environment)
  return steps
}
