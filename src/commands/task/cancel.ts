import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {cancelAndWait} from '../../core/requests/cancel-and-wait.js'
import {getTasks, resolveTaskIds} from '../../core/tasks/task-queries.js'
import {type TaskView, viewTask} from '../../core/tasks/task-view.js'

export default class TaskCancel extends HelixCommand<{tasks: TaskView[]}> {
  static override summary = 'cancel tasks: end what runs, with all that it has started'
  static override description =
    `A running task gets TERM and, after its grace time, KILL. It counts as cancelled once its worker has confirmed that nothing of it is alive; a process that left its group and cleared its environment cannot be found.`
  static override strict = false
  static override args = {id: Args.string({required: true, ignoreStdin: true, description: 'ids, or the beginnings of them'})}
  static override usage = 'task cancel ID... [--no-wait]'
  static override flags = {wait: Flags.boolean({default: true, allowNo: true, description: 'wait until the workers have confirmed'})}
  static override examples = ['<%= config.bin %> <%= command.id %> 3f2a']

  async run(): Promise<{tasks: TaskView[]}> {
    const {argv, flags} = await this.parse(TaskCancel)
    const services = await this.services()
    const context = await services.requests()
    const ids = await resolveTaskIds(context.store, argv as string[])
    await cancelAndWait(context, ids, flags.wait)
    const tasks = (await getTasks(context.store, ids)).map(viewTask)
    for (const task of tasks) this.log(`${task.id}  ${task.status}`)
    return {tasks}
  }
}
