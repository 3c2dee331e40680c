import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {type ChangedSetting, setSetting} from '../../core/config/edit-config.js'

export default class ConfigSet extends HelixCommand<ChangedSetting> {
  static override summary = "write a setting into your own file, or the project's"
  static override description =
    'The value is checked before the file is touched. Lists and objects are written as JSON, a list of words also with commas. Secrets are written as env:NAME or keyring:NAME, never themselves.'
  static override args = {
    path: Args.string({required: true, ignoreStdin: true, description: 'such as workers.max_concurrent_tasks, or workers.pool["gpu.example"].port'}),
    value: Args.string({required: true, ignoreStdin: true, description: 'the new value'}),
  }
  static override flags = {project: Flags.boolean({description: "write the project's nearest file, or a new helix.json in this folder"})}
  static override examples = [
    '<%= config.bin %> <%= command.id %> workers.max_concurrent_tasks 20',
    '<%= config.bin %> <%= command.id %> workers.pool.gpu-1.password env:GPU_PASSWORD',
    '<%= config.bin %> <%= command.id %> clients.cli.output_format json --project',
  ]
  protected override readonly needsConfig = false

  async run(): Promise<ChangedSetting> {
    const {args, flags} = await this.parse(ConfigSet)
    const location = this.configLocation()
    const changed = await setSetting(args.path, args.value, flags.project ? 'project' : 'user', location)
    this.log(`Set ${changed.path} in ${changed.file}.`)
    return changed
  }
}
