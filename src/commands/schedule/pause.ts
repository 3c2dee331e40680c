import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {pauseSchedule} from '../../core/schedules/manage-schedules.js'
import {type ScheduleView, viewSchedule} from '../../core/schedules/schedule-view.js'

export default class SchedulePause extends HelixCommand<ScheduleView> {
  static override summary = 'let a schedule rest'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the schedule'})}

  async run(): Promise<ScheduleView> {
    const {args} = await this.parse(SchedulePause)
    const schedule = await pauseSchedule(await (await this.services()).requests(), args.name)
    this.log(`Paused ${schedule.name}.`)
    return viewSchedule(schedule)
  }
}
