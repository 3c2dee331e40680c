import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {findSchedule} from '../../core/schedules/schedule-store.js'
import {type ScheduleView, viewSchedule} from '../../core/schedules/schedule-view.js'
import {showLine} from '../../core/show-text.js'

export default class ScheduleShow extends HelixCommand<ScheduleView> {
  static override summary = 'show a schedule'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the schedule'})}

  async run(): Promise<ScheduleView> {
    const {args} = await this.parse(ScheduleShow)
    const schedule = viewSchedule(await findSchedule(await (await this.services()).store(), args.name))
    const facts: [string, string | null][] = [
      ['name', schedule.name],
      ['project', schedule.project],
      ['command', schedule.command.join(' ')],
      ['cron', `${schedule.cron} ${schedule.timezone}`],
      ['overlap', schedule.overlap],
      ['machine', schedule.bound ? 'the one that it was added on' : 'any'],
      ['next', schedule.enabled ? (schedule.next_at ?? 'never') : 'paused'],
      ['last', schedule.last_at],
      ['last task', schedule.last_task_id && `${schedule.last_task_id} ${schedule.last_status ?? 'is no longer there'}`],
    ]
    for (const [name, value] of facts) if (value !== null) this.log(`${`${name}:`.padEnd(11)}${showLine(value)}`)
    return schedule
  }
}
