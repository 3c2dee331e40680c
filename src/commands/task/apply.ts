import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {cancelOnSignal} from '../../cli/cancel-on-signal.js'
import {describeTask} from '../../cli/describe-task.js'
import {exitCodeAfterSignal, exitCodeOfAll} from '../../cli/task-exit-code.js'
import {readTaskEnvironment, taskFlags} from '../../cli/task-flags.js'
import {applyGraph} from '../../core/requests/apply-graph.js'
import {printEnded} from '../../core/requests/foreground-output.js'
import {type TaskOutputView, viewTaskOutput} from '../../core/tasks/task-view.js'

export default class TaskApply extends HelixCommand<{tasks: TaskOutputView[]}> {
  static override summary = 'run the tasks of a YAML or JSON file, each after those it needs'
  static override description =
    `The file names its tasks under "tasks". Each has a command (a list of words) or run (a script for sh) or, with type: llm, a model and a prompt, and may have needs, when, at, delay, env, cwd, worker, capabilities, labels, cpus, memory, gpus, priority, timeout, retries, retry_on, on_lost, lost_after, upload and download. What a task prints comes in one piece when it has ended. The exit code is the number of tasks that did not complete, at most 101.`
  static override args = {file: Args.string({required: true, ignoreStdin: true, description: 'the file'})}
  static override flags = {
    env: taskFlags.env,
    'env-from': taskFlags['env-from'],
    project: taskFlags.project,
    'idempotency-key': Flags.string({description: 'the same key never queues the graph a second time'}),
    detach: Flags.boolean({char: 'd', description: 'queue the tasks, print their ids and leave'}),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> pipeline.yaml']

  async run(): Promise<{tasks: TaskOutputView[]}> {
    const {args, flags} = await this.parse(TaskApply)
    const services = await this.services()
    const context = await services.requests(flags.project)
    let isSignalled = () => false
    const tasks = await applyGraph(context, {
      file: args.file,
      environment: await readTaskEnvironment(flags, process.env),
      caller: process.env,
      callerFolder: process.cwd(),
      detached: flags.detach,
      idempotencyKey: flags['idempotency-key'],
      output: this.jsonEnabled() ? undefined : process,
      onEnded: async (ended) => {
        process.stderr.write(`${describeTask(ended)}\n`)
        if (!this.jsonEnabled()) await printEnded(ended, process)
      },
      onRequest: (request) => {
        isSignalled = cancelOnSignal(request, context.logger.warn)
      },
    })
    process.exitCode = exitCodeAfterSignal(exitCodeOfAll(tasks), isSignalled())
    if (flags.detach) for (const task of tasks) this.log(`${task.id}  ${task.name}`)
    else for (const task of tasks) if (task.failure_kind === 'dependency') process.stderr.write(`– ${task.name}: ${task.error_message}\n`)
    return {tasks: tasks.map(viewTaskOutput)}
  }
}
