import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {runSchedule} from '../../core/schedules/manage-schedules.js'
import {type TaskView, viewTask} from '../../core/tasks/task-view.js'

export default class ScheduleRun extends HelixCommand<TaskView> {
  static override summary = "queue a schedule's task now, print its id and leave"
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the schedule'})}
  static override examples = ['<%= config.bin %> task wait $(<%= config.bin %> <%= command.id %> backup)']

  async run(): Promise<TaskView> {
    const {args} = await this.parse(ScheduleRun)
    const task = await runSchedule(await (await this.services()).requests(), args.name)
    this.log(task.id)
    return viewTask(task)
  }
}
