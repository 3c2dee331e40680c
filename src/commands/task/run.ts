import {Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {cancelOnSignal} from '../../cli/cancel-on-signal.js'
import {hintAtShell} from '../../cli/hint-at-shell.js'
import {pipedStdin} from '../../cli/piped-stdin.js'
import {exitCodeOf} from '../../cli/task-exit-code.js'
import {readTaskEnvironment, readTaskOptions, taskFlags} from '../../cli/task-flags.js'
import {runTask} from '../../core/requests/run-task.js'
import {type TaskOutputView, viewTaskOutput} from '../../core/tasks/task-view.js'
import {PROGRAM_MISSING} from '../../core/workers/attempt-report.js'

export default class TaskRun extends HelixCommand<TaskOutputView> {
  static override summary = 'run a command as a durable task'
  static override description =
    `Runs on a worker that has what the task asks for; on this machine when there is no other worker. What it prints goes to stdout and stderr as it comes, and its exit code is this command's. It has the standard input of this command when that is a pipe or a file, and no terminal. No shell reads the command: for pipes and globs use sh -c.`
  static override strict = false
  static override usage = 'task run [FLAGS] -- COMMAND [ARGUMENT...]'
  static override examples = [
    '<%= config.bin %> <%= command.id %> -- make test',
    '<%= config.bin %> <%= command.id %> --capability gpu --timeout 2h --retries 2 -- python train.py',
    'echo hello | <%= config.bin %> <%= command.id %> --worker w1 -- tr a-z A-Z',
  ]
  static override flags = {
    ...taskFlags,
    'idempotency-key': Flags.string({description: 'the same key never queues a second task'}),
  }

  async run(): Promise<TaskOutputView> {
    const {argv, flags} = await this.parse(TaskRun)
    const services = await this.services()
    const context = await services.requests(flags.project)
    const task = await runTask(context, {
      command: argv as string[],
      task: {...readTaskOptions(flags), idempotencyKey: flags['idempotency-key']},
      environment: await readTaskEnvironment(flags, process.env),
      stdin: pipedStdin(),
      caller: process.env,
      callerFolder: process.cwd(),
      detached: flags.detach,
      output: this.jsonEnabled() ? undefined : process,
      onRequest: (request) => cancelOnSignal(request, context.logger.warn),
    })
    if (flags.detach) this.log(task.id)
    else {
      process.exitCode = exitCodeOf(task)
      // The command says itself why it failed, unless it is for what it did not leave behind.
      if (task.failure_kind && (task.failure_kind !== 'exit' || task.exit_code === 0)) context.logger.warn(`task ${task.id}: ${task.error_message}`)
      if (task.exit_code === PROGRAM_MISSING) hintAtShell(argv as string[], context.logger.warn)
    }
    return viewTaskOutput(task)
  }
}
