import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {readPairs} from '../../cli/task-flags.js'
import {setWorker} from '../../core/workers/manage-workers.js'
import {viewWorker, type WorkerView} from '../../core/workers/worker-view.js'

export default class WorkerSet extends HelixCommand<WorkerView> {
  static override summary = "change a worker's slots, capabilities, labels, key or transport"
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the worker'})}
  static override flags = {
    slots: Flags.integer({min: 1, description: 'tasks the worker may run at once'}),
    capability: Flags.string({char: 'c', multiple: true, multipleNonGreedy: true, description: 'what the worker can do, in place of what it could'}),
    label: Flags.string({multiple: true, multipleNonGreedy: true, description: 'labels, in place of those it had', helpValue: 'NAME=VALUE'}),
    key: Flags.string({description: 'private key file', helpValue: 'PATH'}),
    transport: Flags.option({options: ['ssh2', 'openssh'] as const, description: "who speaks SSH: Helix itself, or the system's ssh"})(),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> w1 --slots 8', '<%= config.bin %> <%= command.id %> w1 --transport openssh']

  async run(): Promise<WorkerView> {
    const {args, flags} = await this.parse(WorkerSet)
    const context = await (await this.services()).workers()
    const labels = flags.label && readPairs('--label', flags.label)
    await setWorker(context, args.name, {slots: flags.slots, capabilities: flags.capability, labels, keyPath: flags.key, transport: flags.transport})
    this.log(`Changed ${args.name}.`)
    return viewWorker(context, args.name)
  }
}
