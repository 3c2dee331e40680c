import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {getSetting, type SettingValue, showValue} from '../../core/config/show-settings.js'

export default class ConfigGet extends HelixCommand<SettingValue> {
  static override summary = 'print one setting as it is in effect'
  static override description = 'Passwords in URLs and values named like secrets are printed as [redacted]. Exits 78 where nothing sets it.'
  static override args = {
    path: Args.string({required: true, ignoreStdin: true, description: 'such as workers.max_concurrent_tasks, or workers.pool["gpu.example"].port'}),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> workers.max_concurrent_tasks']

  async run(): Promise<SettingValue> {
    const {args} = await this.parse(ConfigGet)
    const setting = getSetting(await this.loadConfig(), args.path)
    this.log(showValue(setting.value))
    return setting
  }
}
