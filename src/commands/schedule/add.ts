import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {commandFlags, readTaskEnvironment, readTaskOptions} from '../../cli/task-flags.js'
import {warnWithoutScheduler} from '../../cli/warn-without-scheduler.js'
import {addSchedule} from '../../core/schedules/manage-schedules.js'
import {OVERLAPS} from '../../core/schedules/schedule-store.js'
import {type ScheduleView, viewSchedule} from '../../core/schedules/schedule-view.js'

export default class ScheduleAdd extends HelixCommand<ScheduleView> {
  static override summary = 'queue a command as a task again and again'
  static override description =
    `A scheduler (helix scheduler start, without --drain) queues it whenever its time comes; after a time without one, once for all that was missed. One that runs on this machine, has variables or copies files is bound to this machine; it runs in the current folder and with the current environment, which is kept in files of yours.`
  static override strict = false
  static override usage = 'schedule add NAME --cron EXPRESSION [FLAGS] -- COMMAND [ARGUMENT...]'
  static override examples = [
    "<%= config.bin %> <%= command.id %> backup --cron '0 3 * * *' --timezone Europe/Berlin --worker nas -- ./backup.sh",
    "<%= config.bin %> <%= command.id %> poll --cron '*/5 * * * *' --timeout 4m -- make poll",
  ]
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'what to call it'})}
  static override flags = {
    cron: Flags.string({required: true, description: 'minute, hour, day of month, month, day of week; six fields begin with seconds', helpValue: 'EXPRESSION'}),
    timezone: Flags.string({description: 'zone that the expression is read in (default: of this machine)', helpValue: 'Europe/Berlin'}),
    overlap: Flags.option({
      options: OVERLAPS,
      default: 'skip' as const,
      description: 'when its last task has not ended: leave this time out, or start another',
    })(),
    ...commandFlags,
  }

  async run(): Promise<ScheduleView> {
    const {args, argv, flags} = await this.parse(ScheduleAdd)
    const services = await this.services()
    const context = await services.requests(flags.project)
    const schedule = await addSchedule(context, {
      name: args.name,
      cron: flags.cron,
      timezone: flags.timezone,
      overlap: flags.overlap,
      command: (argv as string[]).slice(1),
      task: readTaskOptions(flags),
      environment: await readTaskEnvironment(flags, process.env),
      caller: process.env,
      callerFolder: process.cwd(),
    })
    this.log(`Added ${schedule.name}. Its first time is ${schedule.next_at}.`)
    await warnWithoutScheduler(context)
    return viewSchedule(schedule)
  }
}
