import {Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {runScheduler} from '../../core/scheduler/run-scheduler.js'

export default class SchedulerStart extends HelixCommand<{finished: number}> {
  static override summary = 'run queued tasks until stopped'
  static override description =
    `Takes tasks that were queued with --detach, and those whose own coordinator is gone. Any number of schedulers may share a store. On TERM or INT it takes no more, gives short tasks ten seconds, and leaves long ones with their workers, where the next scheduler finds them; a second signal ends it at once.`
  static override flags = {drain: Flags.boolean({description: 'end when there is nothing left to run'})}

  async run(): Promise<{finished: number}> {
    const {flags} = await this.parse(SchedulerStart)
    const services = await this.services()
    const finished = await runScheduler(await services.requests(), {drain: flags.drain, stop: stopOnSignal()})
    this.log(`Ran ${finished} ${finished === 1 ? 'task' : 'tasks'}.`)
    return {finished}
  }
}
