import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {activateWorker} from '../../core/workers/drain-worker.js'
import {findWorker} from '../../core/workers/worker-store.js'
import {viewWorker, type WorkerView} from '../../core/workers/worker-view.js'

export default class WorkerActivate extends HelixCommand<WorkerView> {
  static override summary = 'give a worker tasks again'
  static override description =
    'Ends its maintenance, or the pause of one that is away, once it has answered. One that does not answer gets none, and the command ends with exit code 69 or 77.'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the worker; local is this machine'})}
  static override examples = ['<%= config.bin %> <%= command.id %> gpu-1']

  async run(): Promise<WorkerView> {
    const {args} = await this.parse(WorkerActivate)
    const services = await this.services()
    const context = await services.workers()
    await activateWorker(context.store, await services.connections(), await findWorker(context, args.name))
    this.log(`${args.name} gets tasks again.`)
    return viewWorker(context, args.name)
  }
}
