import {HelixCommand} from '../../cli/base-command.js'
import {formatTable} from '../../cli/table.js'
import {type SchedulerStatus, schedulerStatus} from '../../core/scheduler/scheduler-status.js'

export default class SchedulerShowStatus extends HelixCommand<SchedulerStatus> {
  static override summary = 'show the coordinators and the length of the queue'

  async run(): Promise<SchedulerStatus> {
    await this.parse(SchedulerShowStatus)
    const services = await this.services()
    const status = await schedulerStatus(await services.store(), services.hostId)
    this.log(`${status.pending} pending, ${status.running} running`)
    if (status.coordinators.length === 0) this.log('No coordinator is running. Start one with: helix scheduler start')
    else
      this.log(
        formatTable(
          ['KIND', 'HOST', 'PID', 'ALIVE', 'RUNNING', 'SINCE'],
          status.coordinators.map((one) => [one.kind, one.hostname, String(one.pid), one.alive ? 'yes' : 'no', String(one.running), one.started_at]),
        ),
      )
    return status
  }
}
