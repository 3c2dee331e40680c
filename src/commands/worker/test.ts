import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {type TestStep, testWorker} from '../../core/workers/test-worker.js'
import {findWorker} from '../../core/workers/worker-store.js'

export default class WorkerTest extends HelixCommand<{worker: string; steps: TestStep[]}> {
  static override summary = 'go through everything that a task needs of a worker'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the worker'})}

  async run(): Promise<{worker: string; steps: TestStep[]}> {
    const {args} = await this.parse(WorkerTest)
    const services = await this.services()
    const worker = await findWorker(await services.workers(), args.name)
    const connections = await services.connections()
    const steps = await testWorker(
      worker,
      () => connections.get(worker),
      ({step, detail, duration_ms}) => this.log(`✓ ${step}: ${detail} (${duration_ms} ms)`),
    )
    return {worker: worker.name, steps}
  }
}
