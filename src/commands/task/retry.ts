import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {ensureScheduler} from '../../core/requests/submit-request.js'
import {retryTasks} from '../../core/tasks/change-tasks.js'
import {getTasks, resolveTaskIds} from '../../core/tasks/task-queries.js'
import {type TaskView, viewTask} from '../../core/tasks/task-view.js'

export default class TaskRetry extends HelixCommand<{tasks: TaskView[]}> {
  static override summary = 'queue tasks that failed or were cancelled again'
  static override description = 'Tasks that failed because of them are queued with them. Wait for them with: helix task wait'
  static override strict = false
  static override args = {id: Args.string({required: true, ignoreStdin: true, description: 'ids, or the beginnings of them'})}
  static override usage = 'task retry ID...'
  static override examples = ['<%= config.bin %> <%= command.id %> 3f2a']

  async run(): Promise<{tasks: TaskView[]}> {
    const {argv} = await this.parse(TaskRetry)
    const services = await this.services()
    const context = await services.requests()
    const ids = await resolveTaskIds(context.store, argv as string[])
    const queued = await retryTasks(context.store, ids)
    await ensureScheduler(context)
    const tasks = (await getTasks(context.store, queued)).map(viewTask)
    for (const task of tasks) this.log(`${task.id}  ${task.status}`)
    return {tasks}
  }
}
