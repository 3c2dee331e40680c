import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {removeWorker} from '../../core/workers/manage-workers.js'

export default class WorkerRemove extends HelixCommand<{removed: string}> {
  static override summary = 'take a worker out of the pool'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the worker'})}

  async run(): Promise<{removed: string}> {
    const {args} = await this.parse(WorkerRemove)
    await removeWorker(await (await this.services()).workers(), args.name)
    this.log(`Removed ${args.name}.`)
    return {removed: args.name}
  }
}
