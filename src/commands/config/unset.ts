import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {type RemovedSetting, unsetSetting} from '../../core/config/edit-config.js'

export default class ConfigUnset extends HelixCommand<RemovedSetting> {
  static override summary = "remove a setting from your own file, or the project's"
  static override description = 'The default, or what another file or a variable says, counts again. Removing what is not set is no error.'
  static override args = {path: Args.string({required: true, ignoreStdin: true, description: 'such as workers.max_concurrent_tasks'})}
  static override flags = {project: Flags.boolean({description: "change the project's nearest file"})}
  static override examples = ['<%= config.bin %> <%= command.id %> workers.pool.gpu-1']
  protected override readonly needsConfig = false

  async run(): Promise<RemovedSetting> {
    const {args, flags} = await this.parse(ConfigUnset)
    const location = this.configLocation()
    const removed = await unsetSetting(args.path, flags.project ? 'project' : 'user', location)
    this.log(removed.removed ? `Removed ${removed.path} from ${removed.file}.` : `${removed.file} does not set ${removed.path}.`)
    return removed
  }
}
