import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {showLine} from '../../core/show-text.js'
import {viewWorker, type WorkerView} from '../../core/workers/worker-view.js'

export default class WorkerShow extends HelixCommand<WorkerView> {
  static override summary = 'show a worker'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the worker'})}

  async run(): Promise<WorkerView> {
    const {args} = await this.parse(WorkerShow)
    const worker = await viewWorker(await (await this.services()).workers(), args.name)
    for (const [name, value] of Object.entries(worker)) {
      if (value === null || value === '') continue
      this.log(`${`${name.replaceAll('_', ' ')}:`.padEnd(16)}${showLine(typeof value === 'object' ? JSON.stringify(value) : String(value))}`)
    }
    return worker
  }
}
