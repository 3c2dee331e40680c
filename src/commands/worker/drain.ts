import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {waitUntilIdle} from '../../core/requests/wait-for-worker.js'
import {drainWorker} from '../../core/workers/drain-worker.js'
import {findWorker} from '../../core/workers/worker-store.js'
import {viewWorker, type WorkerView} from '../../core/workers/worker-view.js'

export default class WorkerDrain extends HelixCommand<WorkerView> {
  static override summary = 'give a worker no new tasks, as before its maintenance'
  static override description = 'What runs there goes on to its end. The worker stays in maintenance until helix worker activate.'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the worker; local is this machine'})}
  static override flags = {
    reason: Flags.string({description: 'why, for those who look at the pool', helpValue: 'TEXT'}),
    wait: Flags.boolean({description: 'return when no task runs there any more'}),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> gpu-1 --reason "new disk" --wait && ssh gpu-1 sudo poweroff']

  async run(): Promise<WorkerView> {
    const {args, flags} = await this.parse(WorkerDrain)
    const context = await (await this.services()).requests()
    const worker = await findWorker(context, args.name)
    await drainWorker(context.store, worker, flags.reason)
    if (flags.wait)
      await waitUntilIdle(context, worker, (running) => this.logToStderr(`${running} ${running === 1 ? 'task is' : 'tasks are'} still running there`))
    const drained = await viewWorker(context, worker.name)
    const left = drained.running > 0 ? ` ${drained.running} ${drained.running === 1 ? 'task runs' : 'tasks run'} on to the end.` : ''
    this.log(`${worker.name} gets no new tasks.${left} Give it tasks again with: helix worker activate ${worker.name}`)
    return drained
  }
}
