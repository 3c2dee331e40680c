import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {type PrintedLogs, printLogs} from '../../core/requests/print-logs.js'
import {resolveTaskId} from '../../core/tasks/task-queries.js'

export default class TaskLogs extends HelixCommand<PrintedLogs> {
  static override summary = 'print what a task has printed'
  static override description = 'Reads the store, which keeps the last 64 KiB of each stream, and the worker where that is not all.'
  static override args = {id: Args.string({required: true, ignoreStdin: true, description: 'id, or the beginning of one'})}
  static override flags = {
    follow: Flags.boolean({char: 'f', description: 'go on until the task has ended'}),
    stderr: Flags.boolean({description: 'its standard error instead of its standard output'}),
    tail: Flags.integer({char: 'n', min: 0, description: 'only the last lines'}),
    attempt: Flags.integer({min: 1, description: 'an earlier attempt'}),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> 3f2a --follow', '<%= config.bin %> <%= command.id %> 3f2a --stderr --tail 20']

  async run(): Promise<PrintedLogs> {
    const {args, flags} = await this.parse(TaskLogs)
    const services = await this.services()
    const context = await services.requests()
    const taskId = await resolveTaskId(context.store, args.id)
    return printLogs(
      context,
      {taskId, stream: flags.stderr ? 'stderr' : 'stdout', follow: flags.follow, tail: flags.tail, attempt: flags.attempt},
      this.jsonEnabled() ? undefined : process.stdout,
    )
  }
}
