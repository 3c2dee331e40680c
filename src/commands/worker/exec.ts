import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {pipedStdin} from '../../cli/piped-stdin.js'
import {execOnWorker} from '../../core/requests/exec-on-worker.js'
import {OutputTail} from '../../core/requests/output-tail.js'
import {findWorker} from '../../core/workers/worker-store.js'

interface Executed {
  worker: string
  exit_code: number
  stdout: string
  stderr: string
  stdout_truncated: boolean
  stderr_truncated: boolean
}

export default class WorkerExec extends HelixCommand<Executed> {
  static override summary = 'run a command on a worker now, without a task'
  static override description =
    `As ssh would, but with the arguments passed on byte for byte. Nothing is queued, kept or retried, and the command may end with the connection: for work that must survive use helix task run --worker NAME. With --json the output is not passed on: its last 64 KiB are in the result.`
  static override strict = false
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the worker'})}
  static override usage = 'worker exec NAME -- COMMAND [ARGUMENT...]'
  static override examples = ['<%= config.bin %> <%= command.id %> w1 -- df -h']

  async run(): Promise<Executed> {
    const {args, argv} = await this.parse(WorkerExec)
    const services = await this.services()
    const context = await services.requests()
    const worker = await findWorker(context, args.name)
    const [stdout, stderr] = [new OutputTail(), new OutputTail()]
    const output = this.jsonEnabled() ? {stdout, stderr} : process
    const exitCode = await execOnWorker(context, worker, argv.slice(1) as string[], pipedStdin(), output)
    process.exitCode = exitCode
    return {
      worker: worker.name,
      exit_code: exitCode,
      stdout: stdout.text,
      stderr: stderr.text,
      stdout_truncated: stdout.isTruncated,
      stderr_truncated: stderr.isTruncated,
    }
  }
}
