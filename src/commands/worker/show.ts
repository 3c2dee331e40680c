import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {describeWorker} from '../../cli/describe-worker.js'
import {showLine} from '../../core/show-text.js'
import {viewWorker, type WorkerView} from '../../core/workers/worker-view.js'

export default class WorkerShow extends HelixCommand<WorkerView> {
  static override summary = 'show a worker: its state, what it has, how busy it is'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the worker'})}

  async run(): Promise<WorkerView> {
    const {args} = await this.parse(WorkerShow)
    const worker = await viewWorker(await (await this.services()).workers(), args.name)
    this.log(worker.name)
    for (const [heading, text] of describeWorker(worker)) this.log(`${`${heading}:`.padEnd(17)}${showLine(text)}`)
    return worker
  }
}
