import {Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {shortCommand} from '../../cli/describe-task.js'
import {formatTable} from '../../cli/table.js'
import {TASK_STATUSES} from '../../core/tasks/task.js'
import {listTasks} from '../../core/tasks/task-queries.js'
import {type TaskView, viewTask} from '../../core/tasks/task-view.js'

export default class TaskList extends HelixCommand<{tasks: TaskView[]; next?: number}> {
  static override summary = 'list tasks, the newest first'
  static override flags = {
    status: Flags.option({options: TASK_STATUSES, description: 'only tasks in this state'})(),
    worker: Flags.string({char: 'w', description: 'only tasks of this worker'}),
    project: Flags.string({char: 'p', description: 'only tasks of this project'}),
    limit: Flags.integer({default: 20, min: 1, max: 10_000, description: 'at most so many'}),
    before: Flags.integer({description: 'continue a list: the `next` of the one before'}),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> --status failed', '<%= config.bin %> <%= command.id %> --worker w1 --limit 100 --json']

  async run(): Promise<{tasks: TaskView[]; next?: number}> {
    const {flags} = await this.parse(TaskList)
    const services = await this.services()
    const found = await listTasks(await services.store(), {...flags, limit: flags.limit + 1})
    const shown = found.slice(0, flags.limit)
    const tasks = shown.map(viewTask)
    if (tasks.length === 0) this.log('There are no such tasks. Run one with: helix task run -- COMMAND')
    else {
      const rows = tasks.map((task) => [
        task.id.slice(0, 8),
        task.status,
        task.worker ?? '-',
        String(task.attempt),
        task.exit_code?.toString() ?? task.signal ?? '-',
        task.name ?? shortCommand(task.command),
      ])
      this.log(formatTable(['ID', 'STATUS', 'WORKER', 'ATTEMPT', 'EXIT', 'TASK'], rows))
    }
    const last = shown.at(-1)
    return {tasks, ...(found.length > flags.limit && last && {next: last.seq})}
  }
}
