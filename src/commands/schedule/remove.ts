import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {removeSchedule} from '../../core/schedules/manage-schedules.js'
import {type ScheduleView, viewSchedule} from '../../core/schedules/schedule-view.js'

export default class ScheduleRemove extends HelixCommand<ScheduleView> {
  static override summary = 'forget a schedule; what it has queued goes on'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the schedule'})}

  async run(): Promise<ScheduleView> {
    const {args} = await this.parse(ScheduleRemove)
    const schedule = await removeSchedule(await (await this.services()).requests(), args.name)
    this.log(`Removed ${schedule.name}.`)
    return viewSchedule(schedule)
  }
}
