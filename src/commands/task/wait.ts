import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {shortCommand} from '../../cli/describe-task.js'
import {exitCodeOf, exitCodeOfAll} from '../../cli/task-exit-code.js'
import {waitForTasks} from '../../core/requests/wait-for-tasks.js'
import {getTasks, resolveTaskIds} from '../../core/tasks/task-queries.js'
import {type TaskOutputView, viewTaskOutput} from '../../core/tasks/task-view.js'

export default class TaskWait extends HelixCommand<{tasks: TaskOutputView[]}> {
  static override summary = 'wait until tasks have ended'
  static override description = 'For one task the exit code is that of its command, for several the number of those that did not complete, at most 101.'
  static override strict = false
  static override args = {id: Args.string({required: true, ignoreStdin: true, description: 'ids, or the beginnings of them'})}
  static override usage = 'task wait ID...'
  static override examples = ['<%= config.bin %> <%= command.id %> 3f2a 77b1']

  async run(): Promise<{tasks: TaskOutputView[]}> {
    const {argv} = await this.parse(TaskWait)
    const services = await this.services()
    const context = await services.requests()
    const ids = await resolveTaskIds(context.store, argv as string[])
    await waitForTasks(context, ids)
    const tasks = await getTasks(context.store, ids)
    process.exitCode = tasks.length === 1 && tasks[0] ? exitCodeOf(tasks[0]) : exitCodeOfAll(tasks)
    for (const task of tasks) this.log(`${task.id}  ${task.status}  ${task.name ?? shortCommand(viewTaskOutput(task).command)}`)
    return {tasks: tasks.map(viewTaskOutput)}
  }
}
