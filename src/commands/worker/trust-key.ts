import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {trustWorkerKey} from '../../core/workers/manage-workers.js'

export default class WorkerTrustKey extends HelixCommand<{worker: string; host_key: string}> {
  static override summary = "accept a worker's new host key"
  static override description = 'Without --host-key it only says whether the key is still the accepted one, and both fingerprints when it is not.'
  static override args = {name: Args.string({required: true, ignoreStdin: true, description: 'name of the worker'})}
  static override flags = {'host-key': Flags.string({description: 'fingerprint of the new key, as read on the machine itself', helpValue: 'SHA256:…'})}

  async run(): Promise<{worker: string; host_key: string}> {
    const {args, flags} = await this.parse(WorkerTrustKey)
    const fingerprint = await trustWorkerKey(await (await this.services()).workers(), args.name, flags['host-key'])
    this.log(`${args.name} is trusted with host key ${fingerprint}.`)
    return {worker: args.name, host_key: fingerprint}
  }
}
