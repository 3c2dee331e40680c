import {HelixCommand} from '../../cli/base-command.js'
import {shortCommand} from '../../cli/describe-task.js'
import {formatTable} from '../../cli/table.js'
import {listSchedules} from '../../core/schedules/schedule-store.js'
import {type ScheduleView, viewSchedule} from '../../core/schedules/schedule-view.js'

export default class ScheduleList extends HelixCommand<{schedules: ScheduleView[]}> {
  static override summary = 'list schedules, when they come next and how their last task ended'

  async run(): Promise<{schedules: ScheduleView[]}> {
    await this.parse(ScheduleList)
    const schedules = (await listSchedules(await (await this.services()).store())).map(viewSchedule)
    if (schedules.length === 0) this.log('There are no schedules. Add one with: helix schedule add')
    else {
      const rows = schedules.map((schedule) => [
        schedule.name,
        `${schedule.cron} ${schedule.timezone}`,
        schedule.enabled ? (schedule.next_at ?? 'never') : 'paused',
        schedule.last_at ?? '-',
        schedule.last_status ?? '-',
        shortCommand(schedule.command),
      ])
      this.log(formatTable(['NAME', 'CRON', 'NEXT', 'LAST', 'STATUS', 'COMMAND'], rows))
    }
    return {schedules}
  }
}
