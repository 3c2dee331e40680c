import {HelixCommand} from '../../cli/base-command.js'
import {type ConfigFiles, findConfigFiles} from '../../core/config/find-config-files.js'

export default class ConfigPath extends HelixCommand<ConfigFiles> {
  static override summary = 'print which config files are read'
  static override description = 'Works while a file is broken.'
  static override examples = ['<%= config.bin %> <%= command.id %>']
  protected override readonly needsConfig = false

  async run(): Promise<ConfigFiles> {
    await this.parse(ConfigPath)
    const files = findConfigFiles(process.cwd(), this.config.configDir)
    this.log(`user     ${files.user_file ?? `none in ${this.config.configDir}`}`)
    this.log(`project  ${files.project_file ?? 'none'}`)
    return files
  }
}
