import {HelixCommand} from '../../cli/base-command.js'
import {stopSchedulers} from '../../core/scheduler/scheduler-status.js'

export default class SchedulerStop extends HelixCommand<{stopped: number}> {
  static override summary = 'stop the schedulers of this store'
  static override description = 'They give short tasks ten seconds to end and leave long ones with their workers.'

  async run(): Promise<{stopped: number}> {
    await this.parse(SchedulerStop)
    const services = await this.services()
    const stopped = await stopSchedulers(await services.store(), services.hostId)
    this.log(stopped === 0 ? 'No scheduler was running.' : `Stopped ${stopped} ${stopped === 1 ? 'scheduler' : 'schedulers'}.`)
    return {stopped}
  }
}
