import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {formatStep} from '../../cli/show-step.js'
import {testWorker} from '../../core/workers/test-worker.js'
import type {WorkerStep} from '../../core/workers/worker-steps.js'
import {findWorker} from '../../core/workers/worker-store.js'

export default class WorkerTest extends HelixCommand<{worker: string; steps: WorkerStep[]}> {
  static override summary = 'go through everything that a task needs of a worker'
  static override description =
    'Connects, says what is installed, runs a command as a task would, and looks at what the machine is and has, which is stored. Installs nothing.'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the worker'})}

  async run(): Promise<{worker: string; steps: WorkerStep[]}> {
    const {args} = await this.parse(WorkerTest)
    const services = await this.services()
    const worker = await findWorker(await services.workers(), args.name)
    const connections = await services.connections()
    const options = {store: await services.store(), source: services.installSource, connect: () => connections.get(worker)}
    const steps = await testWorker(worker, options, (step) => this.log(formatStep(step)))
    return {worker: worker.name, steps}
  }
}
