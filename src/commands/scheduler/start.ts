import {setFlagsFromString} from 'node:v8'
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
    // In MiB. With its default V8 keeps for good what connecting to all workers took for a moment: 60 MB of garbage with 200 of them.
    setFlagsFromString('--max-semi-space-size=2')
    const services = await this.services()
    const finished = await runScheduler(await services.requests(), {drain: flags.drain, stop: stopOnSignal()})
    this.log(`Ran ${finished} ${finished === 1 ? 'task' : 'tasks'}.`)
    return {finished}
  }
}
