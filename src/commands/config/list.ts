import {Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {listSettings, type ShownSetting, showOrigin, showValue} from '../../core/config/show-settings.js'

export default class ConfigList extends HelixCommand<{settings: ShownSetting[]}> {
  static override summary = 'print all settings in effect'
  static override description = 'Passwords in URLs and values named like secrets are printed as [redacted].'
  static override flags = {'show-origin': Flags.boolean({description: 'say where each value comes from: a file, a variable or the default'})}
  static override examples = ['<%= config.bin %> <%= command.id %> --show-origin']

  async run(): Promise<{settings: ShownSetting[]}> {
    const {flags} = await this.parse(ConfigList)
    const settings = listSettings(await this.loadConfig())
    for (const {path, value, origin} of settings) {
      this.log(`${path}=${showValue(value)}${flags['show-origin'] ? `\t${showOrigin(origin)}` : ''}`)
    }
    return {settings}
  }
}
