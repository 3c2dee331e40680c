import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {resumeSchedule} from '../../core/schedules/manage-schedules.js'
import {type ScheduleView, viewSchedule} from '../../core/schedules/schedule-view.js'

export default class ScheduleResume extends HelixCommand<ScheduleView> {
  static override summary = 'set a schedule going again, from its next time on'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the schedule'})}

  async run(): Promise<ScheduleView> {
    const {args} = await this.parse(ScheduleResume)
    const schedule = await resumeSchedule(await (await this.services()).requests(), args.name)
    this.log(`${schedule.name} goes on at ${schedule.next_at}.`)
    return viewSchedule(schedule)
  }
}
