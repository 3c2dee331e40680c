import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {pipedStdin} from '../../cli/piped-stdin.js'
import {execOnWorker} from '../../core/requests/exec-on-worker.js'
import {findWorker} from '../../core/workers/worker-store.js'

export default class WorkerExec extends HelixCommand<{worker: string; exit_code: number}> {
  static override summary = 'run a command on a worker now, without a task'
  static override description =
    `As ssh would, but with the arguments passed on byte for byte. Nothing is queued, kept or retried, and the command may end with the connection: for work that must survive use helix task run --worker NAME.`
  static override strict = false
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the worker'})}
  static override usage = 'worker exec NAME -- COMMAND [ARGUMENT...]'
  static override examples = ['<%= config.bin %> <%= command.id %> w1 -- df -h']

  async run(): Promise<{worker: string; exit_code: number}> {
    const {args, argv} = await this.parse(WorkerExec)
    const services = await this.services()
    const context = await services.requests()
    const worker = await findWorker(context, args.name)
    const exitCode = await execOnWorker(context, worker, argv.slice(1) as string[], pipedStdin(), process)
    process.exitCode = exitCode
    return {worker: worker.name, exit_code: exitCode}
  }
}
