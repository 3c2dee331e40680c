import {Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {cancelOnSignal} from '../../cli/cancel-on-signal.js'
import {exitCodeOfAll} from '../../cli/task-exit-code.js'
import {readTaskEnvironment, readTaskOptions, taskFlags} from '../../cli/task-flags.js'
import {mapTasks} from '../../core/requests/map-tasks.js'
import {type TaskOutputView, viewTaskOutput} from '../../core/tasks/task-view.js'

export default class TaskMap extends HelixCommand<{tasks: TaskOutputView[]}> {
  static override summary = 'run a command once for each line of standard input'
  static override description =
    `In every argument {} becomes the line and {#} its number; without any {} the line is the last argument. The line is also in HELIX_ITEM. No shell reads the result, but with sh -c 'echo {}' you make one execute the line: prefer sh -c 'echo "$HELIX_ITEM"'. What a task prints comes in one piece when it has ended. The exit code is the number of tasks that failed, at most 101.`
  static override strict = false
  static override usage = 'task map [FLAGS] -- COMMAND [ARGUMENT...]'
  static override examples = [
    'ls *.flac | <%= config.bin %> <%= command.id %> -- flac --decode {}',
    'seq 100 | <%= config.bin %> <%= command.id %> --keep-order -- ./simulate --seed {}',
  ]
  static override flags = {
    ...taskFlags,
    // oclif's types allow letters only; its parser takes any character.
    null: Flags.boolean({char: '0' as 'z', description: 'items end with a NUL byte instead of a newline'}),
    'keep-order': Flags.boolean({char: 'k', description: 'print in the order of the lines'}),
    joblog: Flags.string({description: "file that gets a line for each ended task, in the format of GNU parallel's", helpValue: 'FILE'}),
    resume: Flags.boolean({dependsOn: ['joblog'], description: 'go on where an earlier run with this joblog, and the same input, stopped'}),
    'idempotency-key': Flags.string({description: 'the same key never queues a line a second time'}),
    'max-per-worker': Flags.integer({min: 1, description: 'tasks of this request at once on one worker'}),
  }

  async run(): Promise<{tasks: TaskOutputView[]}> {
    const {argv, flags} = await this.parse(TaskMap)
    const services = await this.services()
    const context = await services.requests(flags.project)
    const tasks = await mapTasks(context, {
      template: argv as string[],
      items: process.stdin,
      nullSeparated: flags.null,
      task: {...readTaskOptions(flags), idempotencyKey: flags['idempotency-key']},
      environment: await readTaskEnvironment(flags, process.env),
      caller: process.env,
      callerFolder: process.cwd(),
      detached: flags.detach,
      maxPerWorker: flags['max-per-worker'],
      keepOrder: flags['keep-order'],
      joblog: flags.joblog,
      resume: flags.resume,
      output: this.jsonEnabled() ? undefined : process,
      onRequest: (request) => cancelOnSignal(request, context.logger.warn),
    })
    process.exitCode = exitCodeOfAll(tasks)
    if (flags.detach) for (const task of tasks) this.log(task.id)
    return {tasks: tasks.map(viewTaskOutput)}
  }
}
